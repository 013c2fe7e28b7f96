// Files that may be packed with gzip, and packing.
// Not archives; what is in the bytes is the reader's affair.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

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

/// The whole file, which must be packed, unpacked to at most `limit` bytes. Throws Error (input) when it cannot be
/// read, is not packed, is cut short or damaged, or holds more.
std::string read_gzip_text(const std::filesystem::path& path, std::uint64_t limit);

/// The bytes packed. The same bytes give the same file: its header names neither a time nor a file.
std::string gzip_text(std::string_view bytes);

}  // namespace qkvbench::formats
