// Memory that is taken piece by piece and given back all at once: activations of a step, scratch of a kernel.
// Not a general allocator: there is no way to free one piece. In steady state it asks the system for nothing.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench {

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using AlignedMemory = std::unique_ptr<std::byte[], FreeMemory>;

/// Uninitialised memory of `bytes`, rounded up: to 64 bytes, at which it begins, or from 2 MiB on to huge pages of 2
/// MiB, since a training step walks through all of it. Throws Error (internal) naming the size when the system has none
/// left.
AlignedMemory aligned_memory(std::size_t bytes);

/// A growing stack of bytes, every piece aligned to 64.
class Arena {
 public:
  struct Mark {
    std::size_t block = 0, used = 0, in_use = 0;
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory that stays valid until a rewind() to an earlier mark.
  /// Throws Error (internal) naming the size when the system has no memory left.
  void* take_bytes(std::size_t bytes);

  template <class T>
  T* take(index_t n) {
    return static_cast<T*>(take_bytes(static_cast<std::size_t>(n) * sizeof(T)));
  }

  Mark mark() const { return {block_, used_, in_use_}; }

  /// Gives back everything taken since `mark`; the blocks stay, touched as they are, for the next round.
  void rewind(const Mark& mark);

  void reset() { rewind(Mark{}); }

  /// Gives everything back to the system.
  void release();

  std::size_t peak_bytes() const { return peak_; }
  /// How often memory was asked of the system; constant once a workload repeats itself.
  std::size_t system_allocations() const { return system_allocations_; }

 private:
  struct Block {
    AlignedMemory data;
    std::size_t size;
  };
  void add_block(std::size_t at_least);

  std::vector<Block> blocks_;
  std::size_t block_ = 0, used_ = 0;  // the block in use and the bytes used of it
  std::size_t in_use_ = 0, peak_ = 0, system_allocations_ = 0;
};

/// The calling thread's scratch memory: what a Scratch takes is given back when it goes out of scope.
class Scratch {
 public:
  Scratch() : arena_(thread_arena()), mark_(arena_.mark()) {}
  ~Scratch() { arena_.rewind(mark_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T = real>
  T* take(index_t n) {
    return arena_.take<T>(n);
  }

 private:
  static Arena& thread_arena();
  Arena& arena_;
  Arena::Mark mark_;
};

}  // namespace qkvbench
