// Zip archives whose entries are stored as they are, in the memory that holds the archive: nothing is unpacked or
// copied. Not for compressed ones; formats/unpack reads those piece by piece.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace qkvbench::formats {

class StoredZip {
 public:
  struct Entry {
    std::string_view bytes;
    std::uint32_t crc;
  };

  /// Reads the directory at the end of the archive. Throws Error (input) naming `origin` when there is none, it is
  /// damaged or does not fit the bytes, or a name stands there twice. `archive` must outlive this.
  /// Source: APPNOTE.TXT 6.3.10, PKWARE.
  StoredZip(std::string_view archive, const std::string& origin);

  bool has(const std::string& name) const { return entries_.contains(name); }
  /// Throws Error (input) when there is no such entry, it is compressed or encrypted, or it lies outside of the
  /// archive.
  Entry entry(const std::string& name) const;
  /// Compares with the checksum. Throws Error (input).
  Entry checked_entry(const std::string& name) const;
  /// The folder of the first entry, with its slash; empty when that has none.
  const std::string& first_folder() const { return first_folder_; }

 private:
  struct Place {
    std::uint64_t header, stored, size;
    std::uint32_t crc;
    std::uint16_t method, flags;
  };
  void read_directory(std::uint64_t begin, std::uint64_t size, std::uint64_t count);

  std::string_view archive_;
  std::uint64_t directory_ = 0;
  std::string origin_, first_folder_;
  std::unordered_map<std::string, Place> entries_;
};

}  // namespace qkvbench::formats
