// Owned, aligned, zero-initialised storage for numbers that outlive a step: parameters, optimizer state.
// Activations and gradients of activations live in the tape's arena instead.
#pragma once
#include <cstring>
#include <span>

#include "qkvbench/base/arena.hpp"

namespace qkvbench {

/// A fixed number of reals, zero at first.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(index_t n) : memory_(aligned_memory(static_cast<std::size_t>(n) * sizeof(real))), size_(n) {
    std::memset(memory_.get(), 0, static_cast<std::size_t>(n) * sizeof(real));
  }
  real* data() { return reinterpret_cast<real*>(memory_.get()); }
  const real* data() const { return reinterpret_cast<const real*>(memory_.get()); }
  index_t size() const { return size_; }
  std::span<real> span() { return {data(), static_cast<std::size_t>(size_)}; }
  std::span<const real> span() const { return {data(), static_cast<std::size_t>(size_)}; }

 private:
  AlignedMemory memory_;
  index_t size_ = 0;
};

}  // namespace qkvbench
