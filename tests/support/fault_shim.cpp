// Stands between a program and the system (LD_PRELOAD), writes down what it does to files below one directory, and lets
// the k-th call fail, be short, or be the moment at which the process is killed.
// Not part of the product; nothing here is linked into it. Told what to do by the environment:
//   QKVBENCH_SHIM_UNDER=/dir          what is watched
//   QKVBENCH_SHIM_LOG=/file           the calls that succeeded, see tests/support/file_log.hpp
//   QKVBENCH_SHIM_FAULT=write:3:ENOSPC  the third write(); "any" counts all calls; EIO, EINTR, short, kill
//   QKVBENCH_SHIM_FIRED=/file         is made when the fault happened
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kMaxFiles = 4096;
bool g_watched[kMaxFiles];
int g_log = -1;

const char* under() {
  static const char* value = std::getenv("QKVBENCH_SHIM_UNDER");
  return value;
}

bool watched(const char* path) {
  return under() != nullptr && path != nullptr && std::strncmp(path, under(), std::strlen(under())) == 0;
}
bool watched(int fd) { return fd >= 0 && fd < kMaxFiles && g_watched[fd]; }

void put(const void* data, std::size_t size) {
  const char* p = static_cast<const char*>(data);
  while (size > 0) {
    const long n = ::syscall(SYS_write, g_log, p, size);
    if (n <= 0) std::abort();
    p += n;
    size -= static_cast<std::size_t>(n);
  }
}

__attribute__((format(printf, 1, 2))) void note(const char* format, ...) {
  const char* path = std::getenv("QKVBENCH_SHIM_LOG");
  if (path == nullptr) return;
  if (g_log < 0) {
    g_log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (g_log < 0) std::abort();
  }
  char line[8192];
  va_list list;
  va_start(list, format);
  const int n = std::vsnprintf(line, sizeof(line), format, list);
  va_end(list);
  put(line, static_cast<std::size_t>(n));
}

int error_named(const char* name) {
  if (std::strcmp(name, "EIO") == 0) return EIO;
  if (std::strcmp(name, "EINTR") == 0) return EINTR;
  if (std::strcmp(name, "ENOSPC") == 0) return ENOSPC;
  return 0;
}

/// What is to happen to this call: 0 nothing, > 0 an errno, -1 short.
int fault(const char* call) {
  static const char* spec = std::getenv("QKVBENCH_SHIM_FAULT");
  static long left = -1;
  static char wanted[16], what[16];
  if (spec != nullptr && left < 0 && std::sscanf(spec, "%15[^:]:%ld:%15s", wanted, &left, what) != 3) std::abort();
  if (spec == nullptr || left == 0) return 0;
  if (std::strcmp(wanted, "any") != 0 && std::strcmp(wanted, call) != 0) return 0;
  if (--left > 0) return 0;
  if (const char* fired = std::getenv("QKVBENCH_SHIM_FIRED"))
    ::syscall(SYS_close, ::syscall(SYS_openat, AT_FDCWD, fired, O_WRONLY | O_CREAT, 0644));
  if (std::strcmp(what, "kill") == 0) ::kill(::getpid(), SIGKILL);
  return std::strcmp(what, "short") == 0 ? -1 : error_named(what);
}

/// True, with errno set, when the call is to fail.
bool fails(const char* call) {
  const int error = fault(call);
  if (error <= 0) return false;
  errno = error;
  return true;
}

int open_file(const char* path, int flags, mode_t mode) {
  const bool seen = watched(path);
  if (seen && fails("open")) return -1;
  struct stat info;
  const bool there = !seen || ::stat(path, &info) == 0;
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (fd < 0 || fd >= kMaxFiles) return fd;
  g_watched[fd] = seen;
  if (seen) note("open %d %d %s\n", fd, there ? 0 : 1, path);
  return fd;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_file(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_file(path, flags, mode);
}

ssize_t write(int fd, const void* data, size_t size) {
  if (watched(fd)) {
    const int error = fault("write");
    if (error > 0) return errno = error, -1;
    if (error < 0) size = (size + 1) / 2;
  }
  const ssize_t n = ::syscall(SYS_write, fd, data, size);
  if (n > 0 && watched(fd)) {
    note("write %d %zd\n", fd, n);
    if (g_log >= 0) put(data, static_cast<size_t>(n));
  }
  return n;
}

int fsync(int fd) {
  if (watched(fd) && fails("fsync")) return -1;
  const int result = static_cast<int>(::syscall(SYS_fsync, fd));
  if (result == 0 && watched(fd)) note("fsync %d\n", fd);
  return result;
}

int ftruncate(int fd, off_t size) noexcept {
  if (watched(fd) && fails("ftruncate")) return -1;
  const int result = static_cast<int>(::syscall(SYS_ftruncate, fd, size));
  if (result == 0 && watched(fd)) note("ftruncate %d %ld\n", fd, static_cast<long>(size));
  return result;
}

int close(int fd) {
  const bool seen = watched(fd);
  const bool failed = seen && fails("close");
  const int error = errno;
  if (seen) {
    g_watched[fd] = false;
    note("close %d\n", fd);
  }
  const int result = static_cast<int>(::syscall(SYS_close, fd));
  if (failed) errno = error;
  return failed ? -1 : result;
}

int rename(const char* from, const char* to) noexcept {
  if (watched(to) && fails("rename")) return -1;
  const int result = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (result == 0 && watched(to)) note("rename %s\t%s\n", from, to);
  return result;
}

int renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) noexcept {
  if (watched(to) && fails("rename")) return -1;
  const int result = static_cast<int>(::syscall(SYS_renameat2, from_fd, from, to_fd, to, flags));
  if (result == 0 && watched(to)) note("exchange %s\t%s\n", from, to);
  return result;
}

int unlink(const char* path) noexcept {
  if (watched(path) && fails("unlink")) return -1;
  const int result = static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (result == 0 && watched(path)) note("unlink %s\n", path);
  return result;
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (watched(path) && fails("mkdir")) return -1;
  const int result = static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
  if (result == 0 && watched(path)) note("mkdir %s\n", path);
  return result;
}

}  // extern "C"
