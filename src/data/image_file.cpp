// Which decoder, believable sizes, and resampling.
// The decoders stand in jpeg.cpp and png.cpp.
#include "qkvbench/data/image_file.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/error.hpp"

namespace qkvbench::data {

namespace detail {

void check_image_size(std::uint64_t width, std::uint64_t height, std::size_t file_bytes, const std::string& origin) {
  // Deflate makes at most 1032 bytes of one; a block of 64 pixels takes at least one bit in a JPEG of Huffman codes.
  constexpr std::uint64_t kMaxPixels = 64'000'000, kMaxPixelsOfByte = 8 * 1032;
  const std::string size = "its header says " + std::to_string(width) + " × " + std::to_string(height) + " pixels, ";
  if (width == 0 || height == 0) fail_input(origin + ": " + size + "so there is no image");
  if (width > kMaxPixels || height > kMaxPixels / width)
    fail_input(origin + ": " + size + "more than the " + std::to_string(kMaxPixels / 1'000'000) +
               " million that an image may have");
  if (width * height > kMaxPixelsOfByte * file_bytes)
    fail_input(origin + ": " + size + "which its " + std::to_string(file_bytes) + " bytes cannot hold");
}

}  // namespace detail

namespace {

/// Formats that files called .jpg or .png often are of; empty when it is none of them.
std::string other_format(const std::string& bytes) {
  if (bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") return "WebP";
  if (bytes.size() > 12 && bytes.substr(4, 4) == "ftyp") return "HEIC or AVIF";
  if (bytes.starts_with("GIF8")) return "GIF";
  if (bytes.starts_with("BM")) return "BMP";
  if (bytes.starts_with("II*") || bytes.starts_with("MM")) return "TIFF";
  return bytes.starts_with("<") ? "web page or SVG" : "";
}

}  // namespace

Image decode_image(const std::string& bytes, index_t channels, const std::string& origin) {
  if (channels != 1 && channels != 3)
    fail_usage("images have 3 channels, or 1 for grey; --channels " + std::to_string(channels) + " is neither");
  if (bytes.starts_with("\xff\xd8")) return detail::decode_jpeg(bytes, channels, origin);
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return detail::decode_png(bytes, channels, origin);
  const std::string other = other_format(bytes);
  fail_input(origin + ": it begins neither as a JPEG nor as a PNG does" + (other.empty() ? "" : ", but as a " + other) +
             "; convert it, or take it away");
}

namespace {

/// A weighted sum of neighbours: [first, first + weights.size()).
struct Taps {
  index_t first;
  std::vector<float> weights;
};

/// What each of `out` pixels of an axis takes from `in` pixels.
std::vector<Taps> taps_of(index_t in, index_t out) {
  std::vector<Taps> all;
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  for (index_t i = 0; i < out; ++i) {
    Taps taps{};
    if (scale > 1) {  // the mean over [begin, end)
      const double begin = static_cast<double>(i) * scale, end = begin + scale;
      taps.first = static_cast<index_t>(begin);
      for (index_t x = taps.first; x < in && static_cast<double>(x) < end; ++x) {
        const double covered = std::min(end, static_cast<double>(x + 1)) - std::max(begin, static_cast<double>(x));
        taps.weights.push_back(static_cast<float>(covered / scale));
      }
    } else {  // between the two nearest centres; the edge is repeated
      const double at = std::clamp((static_cast<double>(i) + 0.5) * scale - 0.5, 0.0, static_cast<double>(in - 1));
      taps.first = std::min(static_cast<index_t>(at), std::max<index_t>(0, in - 2));
      const auto share = static_cast<float>(at - static_cast<double>(taps.first));
      taps.weights = in > 1 ? std::vector<float>{1 - share, share} : std::vector<float>{1};
    }
    all.push_back(std::move(taps));
  }
  return all;
}

}  // namespace

void resample_plane(const std::uint8_t* in, index_t height, index_t width, index_t stride, index_t side,
                    std::uint8_t* out) {
  if (height == side && width == side) {
    for (index_t y = 0; y < side; ++y) std::copy_n(in + y * stride, side, out + y * side);
    return;
  }
  const std::vector<Taps> rows = taps_of(height, side), columns = taps_of(width, side);
  std::vector<float> row(static_cast<std::size_t>(width));
  for (index_t y = 0; y < side; ++y) {
    const Taps& down = rows[static_cast<std::size_t>(y)];
    std::ranges::fill(row, 0.0f);
    for (std::size_t t = 0; t < down.weights.size(); ++t) {
      const std::uint8_t* line = in + (down.first + static_cast<index_t>(t)) * stride;
      for (index_t x = 0; x < width; ++x)
        row[static_cast<std::size_t>(x)] += down.weights[t] * static_cast<float>(line[x]);
    }
    for (index_t x = 0; x < side; ++x) {
      const Taps& across = columns[static_cast<std::size_t>(x)];
      float sum = 0;
      for (std::size_t t = 0; t < across.weights.size(); ++t)
        sum += across.weights[t] * row[static_cast<std::size_t>(across.first) + t];
      out[y * side + x] = static_cast<std::uint8_t>(std::clamp(std::floor(sum + 0.5f), 0.0f, 255.0f));
    }
  }
}

void resample_centre(const Image& image, index_t side, std::uint8_t* out) {
  const index_t square = std::min(image.height, image.width);
  const index_t top = (image.height - square) / 2, left = (image.width - square) / 2;
  for (index_t c = 0; c < image.channels; ++c)
    resample_plane(image.pixels.data() + (c * image.height + top) * image.width + left, square, square, image.width,
                   side, out + c * side * side);
}

}  // namespace qkvbench::data
