// An open file and the calls on it, EINTR continued.
// Nothing here throws; files.hpp and named_file.hpp turn what fails into errors.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

namespace qkvbench {

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
  /// EINTR is no failure: the descriptor is gone, and what matters was synced before.
  bool close() { return ::close(release()) == 0 || errno == EINTR; }

 private:
  int fd_ = -1;
};

/// Writes all of it; false, with errno, when the system does not take it.
bool write_all(int fd, std::string_view content);

/// fsync(): false, with errno, when what was written may not last.
bool sync_file(int fd);

/// The directory that a file lies in; "." for a bare name.
std::filesystem::path parent_of(const std::filesystem::path& path);

}  // namespace qkvbench
