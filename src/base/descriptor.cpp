// Writing and syncing to the end.
// A failed fsync is never tried again: the system may have dropped the pages that it could not write.
#include "qkvbench/base/descriptor.hpp"

namespace qkvbench {

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;  // nothing written and no reason: going on would never end
    if (n <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// EINTR is the one failure after which nothing was given up, so only then the call is made again.
bool sync_file(int fd) {
  int result;
  do result = ::fsync(fd);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

}  // namespace qkvbench
