// zlib counts in 32 bits, so long texts go through it piece by piece.
#include "qkvbench/formats/crc32.hpp"

#include <zlib.h>

namespace qkvbench::formats {

std::uint32_t crc32(std::string_view bytes) {
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  uLong crc = ::crc32(0, nullptr, 0);
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::string_view piece = bytes.substr(at, kPiece);
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size()));
  }
  return static_cast<std::uint32_t>(crc);
}

}  // namespace qkvbench::formats
