// Decoding PNG with libpng.
// The library leaves by longjmp when something is wrong, so nothing that must be destroyed lives in the function it
// leaves.
#include <png.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/image_file.hpp"

namespace qkvbench::data::detail {

namespace {

/// What decode() works on; made and destroyed by its caller.
struct Work {
  png_structp png = nullptr;
  png_infop info = nullptr;
  const std::string* bytes = nullptr;
  const std::string* origin = nullptr;
  std::size_t at = 0;
  index_t channels = 0, given = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  // interleaved, `given` numbers a pixel
  std::vector<png_bytep> rows;
  std::exception_ptr error;
  char message[200] = "";
};

void on_error(png_structp png, png_const_charp message) {
  auto* work = static_cast<Work*>(png_get_error_ptr(png));
  std::strncpy(work->message, message, sizeof(work->message) - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep out, std::size_t n) {
  auto* work = static_cast<Work*>(png_get_io_ptr(png));
  if (n > work->bytes->size() - work->at) png_error(png, "it ends early");
  std::memcpy(out, work->bytes->data() + work->at, n);
  work->at += n;
}

bool check_size(Work& work, std::uint64_t width, std::uint64_t height) noexcept {
  try {
    check_image_size(width, height, work.bytes->size(), *work.origin);
    work.width = static_cast<index_t>(width);
    work.height = static_cast<index_t>(height);
    return true;
  } catch (...) {
    work.error = std::current_exception();
    return false;
  }
}

bool take_memory(Work& work) noexcept {
  try {
    const index_t row = work.width * work.given;
    work.pixels.resize(static_cast<std::size_t>(row * work.height));
    for (index_t y = 0; y < work.height; ++y) work.rows.push_back(work.pixels.data() + y * row);
    return true;
  } catch (...) {
    work.error = std::current_exception();
    return false;
  }
}

/// False when the library left; then either message or error says why.
bool decode(Work& work) {
  if (setjmp(png_jmpbuf(work.png)) != 0) return false;
  png_set_read_fn(work.png, &work, read_bytes);
  png_set_user_limits(work.png, 0x7fffffff, 0x7fffffff);  // sizes are judged below, with a message of our own
  png_read_info(work.png, work.info);
  if (!check_size(work, png_get_image_width(work.png, work.info), png_get_image_height(work.png, work.info)))
    return false;
  png_set_scale_16(work.png);
  png_set_expand(work.png);  // palettes, 1 to 4 bits, transparent colours
  // Always in colour: the library's own grey depends on gAMA, sRGB and cHRM chunks, which say nothing of the samples.
  png_set_gray_to_rgb(work.png);
  png_set_interlace_handling(work.png);
  png_read_update_info(work.png, work.info);
  work.given = png_get_channels(work.png, work.info);
  if (!take_memory(work)) return false;
  png_read_image(work.png, work.rows.data());
  png_read_end(work.png, nullptr);
  return true;
}

/// Planes, with what is transparent on black.
Image planes(const Work& work) {
  Image out{work.channels, work.height, work.width, {}};
  const auto n = static_cast<std::size_t>(work.height * work.width), given = static_cast<std::size_t>(work.given);
  out.pixels.resize(static_cast<std::size_t>(work.channels) * n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint8_t* p = work.pixels.data() + i * given;
    std::uint8_t rgb[3] = {p[0], p[1], p[2]};
    if (given == 4)
      for (std::uint8_t& channel : rgb) channel = static_cast<std::uint8_t>(channel * p[3] / 255);
    if (work.channels == 1)
      out.pixels[i] = luma(rgb[0], rgb[1], rgb[2]);
    else
      for (std::size_t c = 0; c < 3; ++c) out.pixels[c * n + i] = rgb[c];
  }
  return out;
}

}  // namespace

Image decode_png(const std::string& bytes, index_t channels, const std::string& origin) {
  Work work;
  work.bytes = &bytes;
  work.origin = &origin;
  work.channels = channels;
  work.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &work, on_error, on_warning);
  work.info = work.png ? png_create_info_struct(work.png) : nullptr;
  const bool whole = work.info && decode(work);
  png_destroy_read_struct(&work.png, &work.info, nullptr);
  if (work.error) std::rethrow_exception(work.error);
  if (!whole) fail_input(origin + ": the PNG is damaged or cut short (" + work.message + ")");
  if (work.given != 3 && work.given != 4) fail_input(origin + ": a PNG of an unknown kind");
  return planes(work);
}

}  // namespace qkvbench::data::detail
