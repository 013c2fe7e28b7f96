// Writing JPEG and PNG into memory for tests.
// A damaged file is made by the test from a good one.
#include <png.h>
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on

#include <cstdlib>

#include "data/image_fixtures.hpp"

namespace qkvbench::test {

namespace {

/// Interleaved pixels, with an opacity behind each when `alpha` is not negative.
std::vector<std::uint8_t> interleaved(const data::Image& image, int alpha) {
  const index_t n = image.height * image.width;
  std::vector<std::uint8_t> out;
  for (index_t i = 0; i < n; ++i) {
    for (index_t c = 0; c < image.channels; ++c) out.push_back(image.pixels[static_cast<std::size_t>(c * n + i)]);
    if (alpha >= 0) out.push_back(static_cast<std::uint8_t>(alpha));
  }
  return out;
}

}  // namespace

std::string jpeg(const data::Image& image, int quality) {
  std::vector<std::uint8_t> pixels = interleaved(image, -1);
  jpeg_compress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &out, &size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = static_cast<int>(image.channels);
  info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = pixels.data() + info.next_scanline * image.width * image.channels;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(reinterpret_cast<char*>(out), size);
  std::free(out);
  return bytes;
}

std::string png(const data::Image& image, int alpha, int bits) {
  const std::vector<std::uint8_t> pixels = interleaved(image, alpha);
  const index_t given = image.channels + (alpha >= 0 ? 1 : 0);
  std::string bytes;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(writer);
  png_set_write_fn(
      writer, &bytes,
      [](png_structp w, png_bytep data, png_size_t n) {
        static_cast<std::string*>(png_get_io_ptr(w))->append(reinterpret_cast<char*>(data), n);
      },
      [](png_structp) {});
  const int type = (image.channels == 3 ? PNG_COLOR_MASK_COLOR : 0) | (alpha >= 0 ? PNG_COLOR_MASK_ALPHA : 0);
  png_set_IHDR(writer, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), bits, type,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer, info);
  for (index_t y = 0; y < image.height; ++y) {
    std::vector<std::uint8_t> row;
    for (index_t i = 0; i < image.width * given; ++i)
      for (int byte = 0; byte < bits / 8; ++byte)
        row.push_back(pixels[static_cast<std::size_t>(y * image.width * given + i)]);
    png_write_row(writer, row.data());
  }
  png_write_end(writer, info);
  png_destroy_write_struct(&writer, &info);
  return bytes;
}

data::Image gradient(index_t channels, index_t height, index_t width, int phase) {
  data::Image image{channels, height, width, {}};
  for (index_t c = 0; c < channels; ++c)
    for (index_t y = 0; y < height; ++y)
      for (index_t x = 0; x < width; ++x)
        image.pixels.push_back(static_cast<std::uint8_t>((c * 60 + y * 3 + x * 2 + phase * 17) % 200 + 20));
  return image;
}

}  // namespace qkvbench::test
