// A file's bytes where the system keeps them: read as they are asked for, and not copied.
// Not for files that someone may shorten meanwhile; what this program writes is replaced, never cut.
#pragma once
#include <filesystem>
#include <string_view>

namespace qkvbench {

class MappedFile {
 public:
  /// Throws Error (input) when it is missing, unreadable or no regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

/// Tells the system that bytes of a mapped file need not stay in memory; they can be read again.
void forget_pages(std::string_view bytes);

}  // namespace qkvbench
