// Numbers as most formats keep them, the lowest byte first.
// Bounds are the caller's: bytes are known to be there.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace qkvbench::formats {

/// The unsigned number that at most eight bytes are.
inline std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// A number as so many bytes; those above the eighth are zero.
inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i, value >>= 8) out += static_cast<char>(value & 0xFF);
  return out;
}

}  // namespace qkvbench::formats
