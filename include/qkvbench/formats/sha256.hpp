// SHA-256: of texts, of bytes that come piece by piece, and of files.
// No other hash.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace qkvbench::formats {

/// SHA-256 of bytes that come piece by piece. Source: FIPS 180-4.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  /// In lower-case hexadecimal, of everything so far; call it once, last.
  std::string hex();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // an EVP_MD_CTX, which no user of this header needs to know
};

/// SHA-256 in lower-case hexadecimal.
std::string sha256(std::string_view bytes);

/// SHA-256 of a file of any size, read piece by piece. Throws Error (input).
std::string sha256_file(const std::filesystem::path& path);

}  // namespace qkvbench::formats
