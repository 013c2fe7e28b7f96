// Where a name leads is followed by hand, so that what is replaced is the file and never a link to it.
// Keeps no copy of the old content: what cannot be replaced in one step is cut and written again.
#include "qkvbench/base/named_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "qkvbench/base/descriptor.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"

namespace qkvbench {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void cannot_write(const fs::path& path, const std::string& reason) {
  fail_output("cannot write " + path.string() + ": " + reason);
}

/// What a name leads to through symbolic links, whether that is there or not; stops at a descriptor's name.
fs::path behind_links(const fs::path& named) {
  constexpr int kMostLinks = 40;  // as Linux has it
  fs::path path = named;
  std::error_code error;
  for (int links = 0; descriptor_named(path) < 0 && fs::is_symlink(fs::symlink_status(path, error)); ++links) {
    if (links == kMostLinks) cannot_write(named, std::strerror(ELOOP));
    const fs::path next = fs::read_symlink(path, error);
    if (error) cannot_write(named, error.message());
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  return path;
}

void write_descriptor(int fd, std::string_view content, const fs::path& named) {
  if (!write_all(fd, content)) cannot_write(named, std::strerror(errno));
}

void overwrite(const fs::path& target, std::string_view content, const fs::path& named) {
  const Descriptor file(target.c_str(), O_WRONLY | O_TRUNC);
  if (!file.valid()) cannot_write(named, std::strerror(errno));
  write_descriptor(file.get(), content, named);
  // EINVAL, EROFS: a pipe or a device, which has nothing to sync.
  if (!sync_file(file.get()) && errno != EINVAL && errno != EROFS) cannot_write(named, std::strerror(errno));
}

/// Whether a file can be replaced by a new one of its mode without anybody seeing another difference.
bool replaceable(const struct stat& info, const fs::path& target) {
  return S_ISREG(info.st_mode) && info.st_nlink == 1 && info.st_uid == ::geteuid() && info.st_gid == ::getegid() &&
         ::access(target.c_str(), W_OK) == 0 && ::access(parent_of(target).c_str(), W_OK) == 0;
}

}  // namespace

int descriptor_named(const fs::path& path) {
  const std::string name = path.lexically_normal().string();
  if (name == "/dev/stdin") return STDIN_FILENO;
  if (name == "/dev/stdout") return STDOUT_FILENO;
  if (name == "/dev/stderr") return STDERR_FILENO;
  for (const std::string& folder :
       {std::string("/dev/fd/"), std::string("/proc/self/fd/"), "/proc/" + std::to_string(::getpid()) + "/fd/"}) {
    if (!name.starts_with(folder)) continue;
    int fd = -1;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + folder.size(), end, fd);
    if (error == std::errc() && stop == end && fd >= 0) return fd;
  }
  return -1;
}

std::string name_of_input(const fs::path& path) { return path == "-" ? "standard input" : path.string(); }

std::string read_named_file(const fs::path& path, std::uint64_t limit) {
  if (path != "-") return read_file(path, limit);
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_input(std::string("cannot read standard input: ") + std::strerror(errno));
    if (n == 0) return content;
    content.append(buffer, static_cast<std::size_t>(n));
    if (content.size() > limit) fail_input("standard input has more than " + std::to_string(limit) + " bytes");
  }
}

void check_named_file(const fs::path& path) {
  const fs::path target = behind_links(path);
  if (const int fd = descriptor_named(target); fd >= 0) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0) cannot_write(path, std::strerror(errno));
    if ((flags & O_ACCMODE) == O_RDONLY) cannot_write(path, "it is open for reading only");
    return;
  }
  struct stat info {};
  if (::stat(target.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) cannot_write(path, "it is a directory");
    if (::access(target.c_str(), W_OK) != 0) cannot_write(path, std::strerror(errno));
  } else if (errno != ENOENT || target.filename().empty() || ::access(parent_of(target).c_str(), W_OK) != 0) {
    cannot_write(path, std::strerror(errno));
  }
}

void write_named_file(const fs::path& path, std::string_view content) {
  const fs::path target = behind_links(path);
  if (const int fd = descriptor_named(target); fd >= 0) return write_descriptor(fd, content, path);
  struct stat info {};
  const bool there = ::stat(target.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode)) cannot_write(path, "it is a directory");
  if (there && !replaceable(info, target)) return overwrite(target, content, path);
  if (!there) check_named_file(path);  // names what was asked for rather than where it leads
  write_file_atomic(target, content);
}

}  // namespace qkvbench
