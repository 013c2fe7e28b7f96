// Files by POSIX calls, every return checked.
// Short writes and EINTR are continued; a failed fsync is an error and is never tried again: the system may have
// dropped the pages that it could not write, and a second call would say that all is well.
#include "qkvbench/base/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "qkvbench/base/descriptor.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/base/system.hpp"

namespace qkvbench {

namespace {

std::string reason() { return std::strerror(errno); }

/// A file system that cannot sync a directory (EINVAL) and a directory that may not be read have no better to offer.
bool sync_entries(const std::filesystem::path& directory) {
  const Descriptor file(directory.c_str(), O_RDONLY);
  if (!file.valid()) return errno == EACCES;
  return sync_file(file.get()) || errno == EINVAL;
}

bool rename_file(const std::string& from, const std::filesystem::path& to) {
  int result;
  do result = ::rename(from.c_str(), to.c_str());
  while (result != 0 && errno == EINTR);
  return result == 0;
}

constexpr const char* kTemporary = ".tmp.";

/// A temporary file beside `path` that no other process takes or clears away: made by O_EXCL, and locked while its
/// writer lives, so that one without a lock is known to be left over.
class Temporary {
 public:
  explicit Temporary(const std::filesystem::path& path) {
    static std::atomic<unsigned> count = 0;
    const std::string stem = path.string() + kTemporary + std::to_string(::getpid()) + "-";
    for (int attempt = 0; attempt < 1000 && !file_; ++attempt) {
      name_ = stem + std::to_string(count++);
      file_.emplace(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL);
      if (!file_->valid() && errno != EEXIST) return;
      // Another process may have cleared it away before it was locked. File systems without locks go without.
      struct stat info {};
      const bool lost = !file_->valid() || (::flock(file_->get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) ||
                        ::fstat(file_->get(), &info) != 0 || info.st_nlink == 0;
      if (lost) file_.reset();
    }
  }
  ~Temporary() {
    const int error = errno;
    if (!placed_ && valid()) ::unlink(name_.c_str());
    errno = error;
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  bool valid() const { return file_ && file_->valid(); }
  bool fill_and_place(std::span<const std::string_view> pieces, const std::filesystem::path& path);

 private:
  std::string name_;
  std::optional<Descriptor> file_;
  bool placed_ = false;
};

bool write_pieces(int fd, std::span<const std::string_view> pieces) {
  for (const std::string_view piece : pieces)
    if (!write_all(fd, piece)) return false;
  return true;
}

/// The lock goes with close(), so the name changes first: a file under its last name is nobody's to clear away.
/// A file that takes another's place has its mode before it has a content.
bool Temporary::fill_and_place(std::span<const std::string_view> pieces, const std::filesystem::path& path) {
  struct stat old {};
  if (::stat(path.c_str(), &old) == 0 && ::fchmod(file_->get(), old.st_mode & 07777) != 0) return false;
  if (!write_pieces(file_->get(), pieces) || !sync_file(file_->get())) return false;
  placed_ = rename_file(name_, path);
  return placed_ && file_->close();
}

[[noreturn]] void cannot_write(const std::filesystem::path& path) {
  fail_output("cannot write " + path.string() + ": " + reason());
}

/// Removes the temporary files in a directory that begin with `prefix` and whose writers are gone.
void remove_temporaries(const std::filesystem::path& directory, const std::string& prefix) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || name.find(kTemporary) == std::string::npos) continue;
    const Descriptor file(entry.path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.path().c_str());
  }
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const Descriptor file(path.c_str(), O_RDONLY);
  if (!file.valid()) fail_input("cannot read " + path.string() + ": " + reason());
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) fail_input("cannot read " + path.string() + ": " + reason());
  if (S_ISDIR(info.st_mode)) fail_input("cannot read " + path.string() + ": it is a directory");
  if (static_cast<std::uint64_t>(info.st_size) > limit)
    fail_input(path.string() + " has " + std::to_string(info.st_size) + " bytes, more than the " +
               std::to_string(limit) + " that such a file may have");
  std::string content;
  content.reserve(static_cast<std::size_t>(info.st_size));
  char buffer[1 << 16];
  for (;;) {  // read to the end rather than st_size, so that pipes work
    const ssize_t n = ::read(file.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_input("cannot read " + path.string() + ": " + reason());
    if (n == 0) return content;
    if (content.size() + static_cast<std::size_t>(n) > limit)
      fail_input(path.string() + " has more than " + std::to_string(limit) + " bytes");
    content.append(buffer, static_cast<std::size_t>(n));
  }
}

void read_pieces(const std::filesystem::path& path, const std::function<void(std::string_view)>& take) {
  const Descriptor file(path.c_str(), O_RDONLY);
  if (!file.valid()) fail_input("cannot read " + path.string() + ": " + reason());
  std::vector<char> buffer(1 << 20);
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_input("cannot read " + path.string() + ": " + reason());
    if (n == 0) return;
    take({buffer.data(), static_cast<std::size_t>(n)});
  }
}

void write_file_atomic(const std::filesystem::path& path, std::string_view content) {
  write_file_atomic(path, std::span(&content, 1));
}

void write_file_atomic(const std::filesystem::path& path, std::span<const std::string_view> pieces) {
  // A device such as /dev/stdout cannot be replaced by a file; it is written to.
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    Descriptor device(path.c_str(), O_WRONLY);
    if (!device.valid() || !write_pieces(device.get(), pieces) || !device.close()) cannot_write(path);
    return;
  }
  remove_temporaries(parent_of(path), path.filename().string() + kTemporary);
  Temporary temporary(path);
  if (!temporary.valid() || !temporary.fill_and_place(pieces, path) || !sync_entries(parent_of(path)))
    cannot_write(path);
}

void remove_left_over(const std::filesystem::path& directory) { remove_temporaries(directory, ""); }

void remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_output("cannot remove " + path.string() + ": " + reason());
}

void sync_directory(const std::filesystem::path& path) {
  if (!sync_entries(path)) cannot_write(path);
}

void make_directories(const std::filesystem::path& path) {
  std::filesystem::path made;
  for (const std::filesystem::path& part : path) {
    made /= part;
    if (part.empty() || part == "/" || part == ".") continue;
    const bool is_new = ::mkdir(made.c_str(), 0777) == 0;
    const int error = errno;
    std::error_code ignored;
    if (!is_new && !std::filesystem::is_directory(made, ignored))
      fail_output("cannot make the directory " + path.string() + ": " + std::strerror(error));
    // What is last is synced even when it was there: a killed process may have made it and come no further.
    const bool last = made == path;
    if ((is_new || last) && !sync_entries(parent_of(made)))
      fail_output("cannot make the directory " + path.string() + ": " + reason());
  }
}

void exchange_directories(const std::filesystem::path& a, const std::filesystem::path& b) {
#if defined(RENAME_EXCHANGE)
  bool done = ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
#elif defined(__APPLE__)
  bool done = ::renamex_np(a.c_str(), b.c_str(), RENAME_SWAP) == 0;
#else
  bool done = false;
#endif
  if (!done) {  // nothing there to exchange with, or a file system that cannot
    const std::string aside = a.string() + ".old";
    done = (rename_file(b.string(), aside) || errno == ENOENT) && rename_file(a.string(), b);
    if (done && !rename_file(aside, a)) done = errno == ENOENT;
  }
  if (!done || !sync_entries(parent_of(b))) cannot_write(b);
}

AppendFile::AppendFile(const std::filesystem::path& path, std::uint64_t keep) : path_(path), size_(keep) {
  Descriptor file(path.c_str(), O_WRONLY | O_CREAT);
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0) cannot_write(path);
  if (static_cast<std::uint64_t>(info.st_size) < keep)
    fail_input(path.string() + " has " + std::to_string(info.st_size) + " bytes, fewer than the " +
               std::to_string(keep) + " to keep; it was cut after they were written");
  int cut;
  do cut = ::ftruncate(file.get(), static_cast<off_t>(keep));
  while (cut != 0 && errno == EINTR);
  if (cut != 0 || ::lseek(file.get(), 0, SEEK_END) < 0) cannot_write(path);
  fd_ = file.release();
}

AppendFile::~AppendFile() { ::close(fd_); }

void AppendFile::append(std::string_view text) {
  if (!write_all(fd_, text)) cannot_write(path_);
  size_ += text.size();
}

void AppendFile::sync() {
  if (!sync_file(fd_) || !sync_entries(parent_of(path_))) cannot_write(path_);
}

FileLock::FileLock(const std::filesystem::path& path, const std::string& what, const std::string& instead,
                   double wait_s) {
  const double end = seconds_now() + wait_s;
  for (;;) {
    Descriptor file(path.c_str(), O_RDWR | O_CREAT);
    if (!file.valid()) cannot_write(path);
    int locked;
    do locked = ::flock(file.get(), LOCK_EX | LOCK_NB);
    while (locked != 0 && errno == EINTR);
    if (locked != 0 && errno != EWOULDBLOCK) cannot_write(path);
    if (locked != 0 && seconds_now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    if (locked != 0) fail_output(what + " is in use by another qkvbench; wait for it, or " + instead);
    // A lock on a file that was replaced in the meantime keeps nobody out.
    struct stat held {
    }, there{};
    const bool same = ::fstat(file.get(), &held) == 0 && ::stat(path.c_str(), &there) == 0 &&
                      held.st_dev == there.st_dev && held.st_ino == there.st_ino;
    if (!same) continue;
    fd_ = file.release();
    return;
  }
}

bool FileLock::is_held(const std::filesystem::path& path) {
  const Descriptor file(path.c_str(), O_RDWR);
  return file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FileLock::~FileLock() { ::close(fd_); }

}  // namespace qkvbench
