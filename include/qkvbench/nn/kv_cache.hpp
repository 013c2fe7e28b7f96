// What decoding keeps of the positions that it has seen: exactly the distinct tensors among K and V, G heads of them.
// Not a buffer of tokens; and nothing here computes.
#pragma once
#include <vector>

#include "qkvbench/nn/model.hpp"
#include "qkvbench/tensor/buffer.hpp"

namespace qkvbench::nn {

/// Throws Error (usage) when the model has fewer learned positions than `context`.
void check_context(const ModelConfig& config, index_t context);

class KvCache {
 public:
  /// Takes memory for `rows` sequences of at most `capacity` positions each:
  ///   bytes() = rows · capacity · tensors · G · D · layers · sizeof(real),
  /// tensors: 1 where K and V are the same, else 2 (see Sharing::cached_tensors).
  /// Throws as check_context(config, capacity).
  KvCache(const ModelConfig& config, index_t rows, index_t capacity);

  index_t rows() const { return static_cast<index_t>(lengths_.size()); }
  index_t capacity() const { return capacity_; }
  /// Bytes of all keys and values that there is room for. What is taken from the system is more by the rounding of
  /// each layer's tensor, as aligned_memory() says.
  index_t bytes() const;
  /// Positions that a row holds.
  index_t length(index_t row) const { return lengths_[static_cast<std::size_t>(row)]; }
  const index_t* lengths(index_t row) const { return lengths_.data() + row; }
  void clear(index_t row) { lengths_[static_cast<std::size_t>(row)] = 0; }

  /// [G, capacity, D] of one row and those behind it; the same array when the variant keeps one.
  real* keys(index_t layer, index_t row) { return at(tensors_ * layer, row); }
  real* values(index_t layer, index_t row) { return at(tensors_ * layer + tensors_ - 1, row); }

  /// Copies the keys and values of n new positions of each of `rows` rows behind what they hold.
  /// k, v: [rows, n, G, D]. They count only after advance(), which every layer's copy comes before.
  void append(index_t layer, index_t first_row, index_t rows, index_t n, const real* k, const real* v);
  /// Throws Error (internal) when a row would grow beyond the capacity.
  void check_room(index_t first_row, index_t rows, index_t n) const;
  void advance(index_t first_row, index_t rows, index_t n);

 private:
  real* at(index_t buffer, index_t row) {
    return buffers_[static_cast<std::size_t>(buffer)].data() + row * heads_ * capacity_ * head_size_;
  }

  /// Copies n positions of all heads behind what a row holds. from: [n, G, D]; to: [G, capacity, D] of the row.
  void copy(index_t n, index_t row, const real* from, real* to) const;

  index_t capacity_, heads_, head_size_, tensors_;  // heads: G
  std::vector<Buffer> buffers_;                     // [rows, G, capacity, D] for each layer and tensor
  std::vector<index_t> lengths_;
};

}  // namespace qkvbench::nn
