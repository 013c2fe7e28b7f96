// One image file to bytes: JPEG and PNG.
// No other formats and no colour management; libjpeg-turbo and libpng decode.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::data {

/// A decoded image, one plane for each channel.
struct Image {
  index_t channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;  ///< [channels, height, width]
};

/// Decodes a JPEG or a PNG, known by its first bytes, to 3 channels (red, green, blue) or 1 (grey). Samples are taken
/// as they are stored: gAMA, sRGB, iCCP and cHRM chunks change none of them, and EXIF's orientation turns no image, as
/// in Pillow and torchvision. Grey is the luma of ITU-R 601 that a JPEG stores, see detail::luma(). Transparency is put
/// on black: each channel is ⌊channel · alpha / 255⌋, before grey is made of them. 16 bits become 8, rounded.
/// Throws Error (input) naming `origin` when it is neither, is damaged or cut short, or declares a size that its bytes
/// cannot hold or that is above 64 million pixels; nothing is allocated for the pixels before that is checked.
Image decode_image(const std::string& bytes, index_t channels, const std::string& origin);

/// One plane from one size to another, each axis by itself: shrunk by the mean over the area that a pixel covers,
/// enlarged by straight lines between the centres of pixels. A plane of the same size is copied.
///   in: [height, width], rows `stride` bytes apart   out: [side, side], written
void resample_plane(const std::uint8_t* in, index_t height, index_t width, index_t stride, index_t side,
                    std::uint8_t* out);

/// The square in the middle of an image, resampled.   out: [channels, side, side], written
void resample_centre(const Image& image, index_t side, std::uint8_t* out);

namespace detail {
/// 0.299 R + 0.587 G + 0.114 B with 16 bits behind the point, rounded: libjpeg's rgb_ycc_convert() and Pillow's "L".
/// 76 for red; a grey stays itself.
inline std::uint8_t luma(int red, int green, int blue) {
  return static_cast<std::uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}
// One for each format, with the size already checked to be believable.
Image decode_jpeg(const std::string& bytes, index_t channels, const std::string& origin);
Image decode_png(const std::string& bytes, index_t channels, const std::string& origin);
/// Throws Error (input) when so many pixels are not believable for a file of so many bytes.
void check_image_size(std::uint64_t width, std::uint64_t height, std::size_t file_bytes, const std::string& origin);
}  // namespace detail

}  // namespace qkvbench::data
