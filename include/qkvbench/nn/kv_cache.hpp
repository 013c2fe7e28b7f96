// What decoding keeps of the positions that it has seen: the tensors that the model's attention declares, and no more.
// Not a buffer of tokens; and nothing here computes.
#pragma once
#include <vector>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/real.hpp"
#include "qkvbench/kernels/number_format.hpp"

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
  ///   bytes() = rows · capacity · Σ_tensors heads · row_bytes(format, width) · layers.
  /// Throws as check_context(config, capacity).
  KvCache(const Model& model, index_t rows, index_t capacity, CacheForm form = CacheForm::kLeast,
          kernels::NumberFormat format = kernels::NumberFormat::kFp32);

  index_t rows() const { return static_cast<index_t>(lengths_.size()); }
  index_t capacity() const { return capacity_; }
  CacheForm form() const { return form_; }
  kernels::NumberFormat format() const { return format_; }
  /// Bytes of all tensors that there is room for. What is taken from the system is more by the rounding of each
  /// layer's tensor, as aligned_memory() says.
  index_t bytes() const;
  /// Positions that a row holds.
  index_t length(index_t row) const { return lengths_[static_cast<std::size_t>(row)]; }
  const index_t* lengths(index_t row) const { return lengths_.data() + row; }
  void clear(index_t row) { lengths_[static_cast<std::size_t>(row)] = 0; }

  /// [heads, capacity] rows of the tensor's width, of one row and those behind it.
  kernels::Rows at(index_t layer, index_t tensor, index_t row) const {
    return {memory(layer, tensor) + row * row_size(tensor), this->tensor(tensor).width, format_};
  }

  /// Copies, in the cache's format, n new positions of each of `rows` rows behind what they hold.   x: [rows, n, heads,
  /// width]. They count only after advance(), which every layer's copy comes before.
  void append(index_t layer, index_t tensor, index_t first_row, index_t rows, index_t n, const real* x);
  /// Makes a row hold what another holds.
  void copy_row(index_t from, index_t to);
  /// Throws Error (internal) when a row would grow beyond the capacity.
  void check_room(index_t first_row, index_t rows, index_t n) const;
  void advance(index_t first_row, index_t rows, index_t n);

 private:
  std::byte* memory(index_t layer, index_t tensor) const {
    return memory_[static_cast<std::size_t>(layer) * tensors_.size() + static_cast<std::size_t>(tensor)].get();
  }
  const CacheTensor& tensor(index_t i) const { return tensors_[static_cast<std::size_t>(i)]; }
  /// Bytes of a head's positions, and of all heads of a row.
  index_t head_size(index_t i) const { return capacity_ * kernels::row_bytes(format_, tensor(i).width); }
  index_t row_size(index_t i) const { return tensor(i).heads * head_size(i); }

  index_t capacity_;
  CacheForm form_;
  kernels::NumberFormat format_;
  std::vector<CacheTensor> tensors_;   // of a layer; all layers keep the same
  std::vector<AlignedMemory> memory_;  // [rows, heads, capacity] rows of numbers for each layer and tensor
  std::vector<index_t> lengths_;
};

}  // namespace qkvbench::nn
