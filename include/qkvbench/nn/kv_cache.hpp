// What decoding keeps of the positions that it has seen: the tensors that the model's attention declares, and no more.
// Not a buffer of tokens; and nothing here computes.
#pragma once
#include <vector>

#include "qkvbench/base/real.hpp"
#include "qkvbench/tensor/buffer.hpp"

namespace qkvbench::nn {

class Model;
struct ModelConfig;

/// One tensor that a layer keeps: heads · width numbers of each position.
struct CacheTensor {
  const char* name;
  index_t heads, width;
};

/// Where keys follow from what is kept by arithmetic (K = V under RoPE): `least` keeps as few numbers as suffice and
/// computes the keys again in every step, `ready` keeps keys and values as a step reads them.
enum class CacheForm { kLeast, kReady };

/// Throws Error (usage) when the model has fewer learned positions than `context`.
void check_context(const ModelConfig& config, index_t context);

class KvCache {
 public:
  /// Takes memory for `rows` sequences of at most `capacity` positions each:
  ///   bytes() = rows · capacity · Σ_tensors heads·width · layers · sizeof(real).
  /// Throws as check_context(config, capacity).
  KvCache(const Model& model, index_t rows, index_t capacity, CacheForm form = CacheForm::kLeast);

  index_t rows() const { return static_cast<index_t>(lengths_.size()); }
  index_t capacity() const { return capacity_; }
  CacheForm form() const { return form_; }
  /// Bytes of all tensors that there is room for. What is taken from the system is more by the rounding of each
  /// layer's tensor, as aligned_memory() says.
  index_t bytes() const;
  /// Positions that a row holds.
  index_t length(index_t row) const { return lengths_[static_cast<std::size_t>(row)]; }
  const index_t* lengths(index_t row) const { return lengths_.data() + row; }
  void clear(index_t row) { lengths_[static_cast<std::size_t>(row)] = 0; }

  /// [heads, capacity, width] of one row and those behind it.
  real* at(index_t layer, index_t tensor, index_t row) {
    return buffer(layer, tensor).data() + row * numbers(tensor) * capacity_;
  }

  /// Copies n new positions of each of `rows` rows behind what they hold.   x: [rows, n, heads, width].
  /// They count only after advance(), which every layer's copy comes before.
  void append(index_t layer, index_t tensor, index_t first_row, index_t rows, index_t n, const real* x);
  /// Makes a row hold what another holds.
  void copy_row(index_t from, index_t to);
  /// Throws Error (internal) when a row would grow beyond the capacity.
  void check_room(index_t first_row, index_t rows, index_t n) const;
  void advance(index_t first_row, index_t rows, index_t n);

 private:
  Buffer& buffer(index_t layer, index_t tensor) {
    return buffers_[static_cast<std::size_t>(layer) * tensors_.size() + static_cast<std::size_t>(tensor)];
  }
  const CacheTensor& tensor(index_t i) const { return tensors_[static_cast<std::size_t>(i)]; }
  index_t numbers(index_t i) const { return tensor(i).heads * tensor(i).width; }

  index_t capacity_;
  CacheForm form_;
  std::vector<CacheTensor> tensors_;  // of a layer; all layers keep the same
  std::vector<Buffer> buffers_;       // [rows, heads, capacity, width] for each layer and tensor
  std::vector<index_t> lengths_;
};

}  // namespace qkvbench::nn
