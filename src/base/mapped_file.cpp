// mmap() of whole files, for reading only.
// An empty file has no pages, so it is no mapping.
#include "qkvbench/base/mapped_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "qkvbench/base/descriptor.hpp"
#include "qkvbench/base/error.hpp"

namespace qkvbench {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(path.c_str(), O_RDONLY);
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0)
    fail_input("cannot read " + path.string() + ": " + std::strerror(errno));
  if (!S_ISREG(info.st_mode)) fail_input("cannot read " + path.string() + ": it is no regular file");
  if (info.st_size == 0) return;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED) fail_input("cannot read " + path.string() + ": " + std::strerror(errno));
  bytes_ = {static_cast<const char*>(memory), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void forget_pages(std::string_view bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data() + bytes.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace qkvbench
