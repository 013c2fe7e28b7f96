// Memory from the system, and the arena's blocks of it.
// Nothing here is shared between threads.
#include "qkvbench/base/arena.hpp"

#include <algorithm>
#include <string>

#include "qkvbench/base/error.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace qkvbench {

namespace {
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kFirstBlock = std::size_t{64} << 10;

std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }
}  // namespace

AlignedMemory aligned_memory(std::size_t bytes) {
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  const std::size_t size = round_up(std::max<std::size_t>(bytes, 1), alignment);
  AlignedMemory memory(static_cast<std::byte*>(std::aligned_alloc(alignment, size)));
  if (memory == nullptr)
    fail_internal("out of memory: " + std::to_string(size >> 20) +
                  " MiB more were needed; take a smaller --batch-size, --seq-len or model");
#ifdef __linux__
  if (alignment == kHugePage) madvise(memory.get(), size, MADV_HUGEPAGE);
#endif
  return memory;
}

void Arena::release() {
  reset();
  blocks_.clear();
}

void Arena::add_block(std::size_t at_least) {
  const std::size_t grown = blocks_.empty() ? kFirstBlock : blocks_.back().size * 2;
  const std::size_t wanted = std::max(at_least, std::min(grown, std::size_t{64} << 20));
  const std::size_t size = round_up(wanted, wanted >= kHugePage ? kHugePage : kAlignment);
  blocks_.push_back({aligned_memory(size), size});
  ++system_allocations_;
}

void* Arena::take_bytes(std::size_t bytes) {
  const std::size_t size = round_up(std::max<std::size_t>(bytes, 1), kAlignment);
  while (block_ < blocks_.size() && used_ + size > blocks_[block_].size) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) add_block(size);
  std::byte* piece = blocks_[block_].data.get() + used_;
  used_ += size;
  in_use_ += size;
  peak_ = std::max(peak_, in_use_);
  return piece;
}

void Arena::rewind(const Mark& mark) {
  block_ = mark.block;
  used_ = mark.used;
  in_use_ = mark.in_use;
}

Arena& Scratch::thread_arena() {
  thread_local Arena arena;
  return arena;
}

}  // namespace qkvbench
