// Storage of keys and values.
// Each head's positions lie one after the other, so that a step reads them as one stream.
#include "qkvbench/nn/kv_cache.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"

namespace qkvbench::nn {

void check_context(const ModelConfig& config, index_t context) {
  if (context > config.max_len)
    fail_usage("a context of " + std::to_string(context) + " positions is longer than the model's " +
               std::to_string(config.max_len) + " learned positions");
}

KvCache::KvCache(const ModelConfig& config, index_t rows, index_t capacity)
    : capacity_(capacity),
      heads_(config.kv_heads),
      head_size_(config.d_model / config.heads),
      tensors_(config.variant.sharing->cached_tensors()),
      lengths_(static_cast<std::size_t>(rows), 0) {
  check_context(config, capacity);
  for (index_t i = 0; i < config.layers * tensors_; ++i) buffers_.emplace_back(rows * heads_ * capacity * head_size_);
}

index_t KvCache::bytes() const {
  index_t numbers = 0;
  for (const Buffer& buffer : buffers_) numbers += buffer.size();
  return numbers * static_cast<index_t>(sizeof(real));
}

void KvCache::copy(index_t n, index_t row, const real* from, real* to) const {
  for (index_t g = 0; g < heads_; ++g)
    for (index_t i = 0; i < n; ++i)
      std::copy_n(from + (i * heads_ + g) * head_size_, head_size_,
                  to + (g * capacity_ + length(row) + i) * head_size_);
}

void KvCache::append(index_t layer, index_t first_row, index_t rows, index_t n, const real* k, const real* v) {
  for (index_t r = 0; r < rows; ++r) {
    const index_t row = first_row + r, from = r * n * heads_ * head_size_;
    copy(n, row, k + from, keys(layer, row));
    if (tensors_ == 2) copy(n, row, v + from, values(layer, row));
  }
}

void KvCache::check_room(index_t first_row, index_t rows, index_t n) const {
  for (index_t row = first_row; row < first_row + rows; ++row)
    if (length(row) + n > capacity_)
      fail_internal("decode: row " + std::to_string(row) + " holds " + std::to_string(length(row)) + " positions and " +
                    std::to_string(n) + " more do not fit into " + std::to_string(capacity_));
}

void KvCache::advance(index_t first_row, index_t rows, index_t n) {
  for (index_t row = first_row; row < first_row + rows; ++row) lengths_[static_cast<std::size_t>(row)] += n;
}

}  // namespace qkvbench::nn
