// Files by POSIX calls, every return checked.
// Short writes and EINTR are continued; a failed fsync is an error and is never tried again.
#include "qkvbench/base/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "qkvbench/base/error.hpp"

namespace qkvbench {

namespace {

/// Closes on every way out. close() to see its error, otherwise it is closed quietly.
class Descriptor {
 public:
  Descriptor(const char* path, int flags, mode_t mode = 0644) {
    do fd_ = ::open(path, flags | O_CLOEXEC, mode);
    while (fd_ < 0 && errno == EINTR);
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  bool close() { return ::close(release()) == 0; }

 private:
  int fd_ = -1;
};

std::string reason() { return std::strerror(errno); }

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool write_all(int fd, std::span<const std::string_view> pieces) {
  for (const std::string_view piece : pieces)
    if (!write_all(fd, piece)) return false;
  return true;
}

[[noreturn]] void cannot_write(const std::filesystem::path& path) {
  fail_output("cannot write " + path.string() + ": " + reason());
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
    if (!device.valid() || !write_all(device.get(), pieces) || !device.close()) cannot_write(path);
    return;
  }
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const std::string temporary = path.string() + ".tmp." + std::to_string(::getpid());
  ::unlink(temporary.c_str());  // left behind by a killed process with the same number
  Descriptor file(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  if (!file.valid()) cannot_write(path);
  const bool written = write_all(file.get(), pieces) && ::fsync(file.get()) == 0 && file.close() &&
                       ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    errno = error;
    cannot_write(path);
  }
  const Descriptor directory(parent.c_str(), O_RDONLY);
  if (!directory.valid() || ::fsync(directory.get()) != 0) cannot_write(path);
}

void make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail_output("cannot make the directory " + path.string() + ": " + error.message());
}

AppendFile::AppendFile(const std::filesystem::path& path, std::uint64_t keep) : path_(path), size_(keep) {
  Descriptor file(path.c_str(), O_WRONLY | O_CREAT);
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0) cannot_write(path);
  if (static_cast<std::uint64_t>(info.st_size) < keep)
    fail_input(path.string() + " has " + std::to_string(info.st_size) + " bytes, fewer than the " +
               std::to_string(keep) + " to keep; it was cut after they were written");
  if (::ftruncate(file.get(), static_cast<off_t>(keep)) != 0 || ::lseek(file.get(), 0, SEEK_END) < 0)
    cannot_write(path);
  fd_ = file.release();
}

AppendFile::~AppendFile() { ::close(fd_); }

void AppendFile::append(std::string_view text) {
  if (!write_all(fd_, text)) cannot_write(path_);
  size_ += text.size();
}

void AppendFile::sync() {
  if (::fsync(fd_) != 0) cannot_write(path_);
}

FileLock::FileLock(const std::filesystem::path& path, const std::string& what, const std::string& instead) {
  Descriptor file(path.c_str(), O_RDWR | O_CREAT);
  if (!file.valid()) cannot_write(path);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) cannot_write(path);
    fail_output(what + " is in use by another qkvbench; wait for it, or " + instead);
  }
  fd_ = file.release();
}

bool FileLock::is_held(const std::filesystem::path& path) {
  const Descriptor file(path.c_str(), O_RDWR);
  return file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FileLock::~FileLock() { ::close(fd_); }

}  // namespace qkvbench
