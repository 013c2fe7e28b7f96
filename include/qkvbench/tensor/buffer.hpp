// Owned, aligned, zero-initialised storage for numbers that outlive a step: parameters, optimizer state.
// Activations and gradients of activations live in the tape's arena instead.
#pragma once
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "qkvbench/base/arena.hpp"

namespace qkvbench {

/// A fixed number of reals, zero at first.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(index_t n) : arena_(std::make_unique<Arena>()), data_(arena_->take<real>(n)), size_(n) {
    std::memset(data_, 0, static_cast<std::size_t>(n) * sizeof(real));
  }
  real* data() { return data_; }
  const real* data() const { return data_; }
  index_t size() const { return size_; }
  std::span<real> span() { return {data_, static_cast<std::size_t>(size_)}; }
  std::span<const real> span() const { return {data_, static_cast<std::size_t>(size_)}; }

 private:
  std::unique_ptr<Arena> arena_;
  real* data_ = nullptr;
  index_t size_ = 0;
};

}  // namespace qkvbench
