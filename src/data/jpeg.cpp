// Decoding JPEG with libjpeg-turbo.
// The library leaves by longjmp when something is wrong, so nothing that must be destroyed lives in the function it
// leaves. Data that end early are an error here, though the library would fill them up with grey.
// clang-format off
#include <cstdio>  // jpeglib.h does without its own includes
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <exception>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/image_file.hpp"

namespace qkvbench::data::detail {

namespace {

struct Failure {
  jpeg_error_mgr manager;  // first: the library knows a Failure by this member's address
  std::jmp_buf leave;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void on_error(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  failure->manager.format_message(info, failure->message);
  std::longjmp(failure->leave, 1);
}

void on_message(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) on_error(info);
}

/// What decode() works on; made and destroyed by its caller.
struct Work {
  jpeg_decompress_struct info;
  Failure failure;
  const std::string* bytes;
  const std::string* origin;
  Image image;
  std::vector<std::uint8_t> row;
  std::exception_ptr error;
};

/// Sizes are checked and memory is taken here, where C++ exceptions may be thrown.
bool prepare(Work& work) noexcept {
  try {
    check_image_size(work.info.image_width, work.info.image_height, work.bytes->size(), *work.origin);
    work.image.height = static_cast<index_t>(work.info.image_height);
    work.image.width = static_cast<index_t>(work.info.image_width);
    work.image.pixels.resize(static_cast<std::size_t>(work.image.channels * work.image.height * work.image.width));
    work.row.resize(static_cast<std::size_t>(work.image.width * 4));
    return true;
  } catch (...) {
    work.error = std::current_exception();
    return false;
  }
}

/// One row of interleaved numbers into the planes. CMYK as Adobe writes it is inverted.
void spread_row(Work& work, index_t y) {
  const index_t C = work.image.channels, W = work.image.width, H = work.image.height;
  const int given = work.info.output_components;
  for (index_t x = 0; x < W; ++x) {
    const std::uint8_t* p = work.row.data() + x * given;
    std::uint8_t rgb[3] = {p[0], p[given > 1 ? 1 : 0], p[given > 1 ? 2 : 0]};
    if (given == 4)
      for (std::uint8_t& channel : rgb) channel = static_cast<std::uint8_t>(channel * p[3] / 255);
    if (C == 1 && given == 4) rgb[0] = luma(rgb[0], rgb[1], rgb[2]);
    for (index_t c = 0; c < C; ++c) work.image.pixels[static_cast<std::size_t>((c * H + y) * W + x)] = rgb[c];
  }
}

/// False when the library left; then either failure.message or error says why.
bool decode(Work& work) {
  jpeg_decompress_struct& info = work.info;
  if (setjmp(work.failure.leave) != 0) return false;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(work.bytes->data()),
               static_cast<unsigned long>(work.bytes->size()));
  jpeg_read_header(&info, TRUE);
  if (!prepare(work)) return false;
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK)
    info.out_color_space = JCS_CMYK;
  else
    info.out_color_space = work.image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    const auto y = static_cast<index_t>(info.output_scanline);
    JSAMPROW rows[1] = {work.row.data()};
    jpeg_read_scanlines(&info, rows, 1);
    spread_row(work, y);
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

Image decode_jpeg(const std::string& bytes, index_t channels, const std::string& origin) {
  Work work{};
  work.bytes = &bytes;
  work.origin = &origin;
  work.image.channels = channels;
  work.info.err = jpeg_std_error(&work.failure.manager);
  work.failure.manager.error_exit = on_error;
  work.failure.manager.emit_message = on_message;
  const bool whole = decode(work);
  jpeg_destroy_decompress(&work.info);
  if (work.error) std::rethrow_exception(work.error);
  if (!whole) fail_input(origin + ": the JPEG is damaged or cut short (" + work.failure.message + ")");
  return std::move(work.image);
}

}  // namespace qkvbench::data::detail
