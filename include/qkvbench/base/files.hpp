// Files that appear whole or not at all, and bounded reading.
// Knows no format.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace qkvbench {

/// The whole file. Throws Error (input) when it is missing, unreadable or larger than `limit` bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = std::uint64_t{1} << 40);

/// Writes a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the directory, so that a reader
/// sees the old file or the new one, whole, and after a loss of power too. Temporary files of `path` that killed
/// processes left behind go. A file that was there keeps its mode. Throws Error (output) naming the path and the
/// system's reason.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);
/// The same for a content in pieces, one behind the other, so that it need not be copied together.
void write_file_atomic(const std::filesystem::path& path, std::span<const std::string_view> pieces);

/// Removes what killed processes left behind in a directory on the way to write_file_atomic(); those that live keep
/// theirs.
void remove_left_over(const std::filesystem::path& directory);

/// Removes a file, if it is there. Throws Error (output).
void remove_file(const std::filesystem::path& path);

/// Waits until what was made, renamed or removed in a directory would outlast a loss of power. Throws Error (output).
void sync_directory(const std::filesystem::path& path);

/// Makes a directory and its parents, to last. Throws Error (output).
void make_directories(const std::filesystem::path& path);

/// Lets two directories of one parent change names, in one step where the system can; to last. Without `b`, renames
/// `a`. Throws Error (output).
void exchange_directories(const std::filesystem::path& a, const std::filesystem::path& b);

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
  /// Throws Error (output) when another process holds the lock for longer than wait_s, saying what is in use and what
  /// else can be done.
  FileLock(const std::filesystem::path& path, const std::string& what,
           const std::string& instead = "choose another --out", double wait_s = 0);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// Whether another process (or another lock of this one) holds it now. False when there is no such file.
  static bool is_held(const std::filesystem::path& path);

 private:
  int fd_;
};

/// Calls take(piece) for the whole file, piece by piece. Throws Error (input).
void read_pieces(const std::filesystem::path& path, const std::function<void(std::string_view)>& take);

}  // namespace qkvbench
