// Files that appear whole or not at all, and bounded reading.
// Knows no format.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace qkvbench {

/// The whole file. Throws Error (input) when it is missing, unreadable or larger than `limit` bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = std::uint64_t{1} << 40);

/// Writes a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the directory, so that a reader
/// sees the old file or the new one, whole. Throws Error (output) naming the path and the system's reason.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);
/// The same for a content in pieces, one behind the other, so that it need not be copied together.
void write_file_atomic(const std::filesystem::path& path, std::span<const std::string_view> pieces);

/// Makes a directory and its parents. Throws Error (output).
void make_directories(const std::filesystem::path& path);

/// Opens (and makes) `path` for appending, cut to `keep` bytes first; every line goes to the system at once.
/// Throws Error (output), or (input) when the file has fewer than `keep` bytes.
class AppendFile {
 public:
  AppendFile(const std::filesystem::path& path, std::uint64_t keep);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  void append(std::string_view text);
  void sync();
  std::uint64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int fd_;
  std::uint64_t size_;
};

/// Holds an exclusive lock on a file that stays when the holder is gone; a killed holder blocks no one.
class FileLock {
 public:
  /// Throws Error (output) when another process holds the lock, saying what is in use.
  FileLock(const std::filesystem::path& path, const std::string& what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

/// SHA-256 in lower-case hexadecimal. Source: FIPS 180-4.
std::string sha256(std::string_view bytes);

}  // namespace qkvbench
