// Files that may be packed with gzip.
// Not archives; what is in the bytes is the reader's affair.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "qkvbench/formats/source_file.hpp"

namespace qkvbench::formats {

struct UnpackedFile {
  std::string bytes;
  SourceFile source;  ///< the file as it lies on the disk
};

/// The whole file, unpacked when it begins with gzip's mark. `expected` is how many bytes there should be: memory is
/// taken as bytes come, and no more than that and one is unpacked.
/// Throws Error (input) when the file cannot be read, is cut short or damaged, or holds more or fewer bytes.
UnpackedFile read_unpacked(const std::filesystem::path& path, std::uint64_t expected);

/// The first n bytes, unpacked; fewer when there are no more or a packed file is damaged there.
std::string unpacked_head(const std::filesystem::path& path, std::size_t n);

}  // namespace qkvbench::formats
