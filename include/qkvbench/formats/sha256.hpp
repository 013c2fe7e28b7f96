// SHA-256: of texts, of bytes that come piece by piece, and of files.
// No other hash.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace qkvbench::formats {

/// SHA-256 of bytes that come piece by piece. Source: FIPS 180-4.
class Sha256 {
 public:
  void update(std::string_view bytes);
  /// In lower-case hexadecimal, of everything so far; call it once, last.
  std::string hex();

 private:
  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string rest_;  // less than a block
  std::uint64_t size_ = 0;
};

/// SHA-256 in lower-case hexadecimal.
std::string sha256(std::string_view bytes);

/// SHA-256 of a file of any size, read piece by piece. Throws Error (input).
std::string sha256_file(const std::filesystem::path& path);

}  // namespace qkvbench::formats
