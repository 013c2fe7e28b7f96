// Storage of keys and values.
// Positions are the outer size, so that a step appends one stretch of memory to each row.
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
      width_(config.d_model / config.heads * config.kv_heads),
      tensors_(config.variant.sharing->cached_tensors()),
      lengths_(static_cast<std::size_t>(rows), 0) {
  check_context(config, capacity);
  for (index_t i = 0; i < config.layers * tensors_; ++i) buffers_.emplace_back(rows * capacity * width_);
}

index_t KvCache::bytes() const {
  index_t numbers = 0;
  for (const Buffer& buffer : buffers_) numbers += buffer.size();
  return numbers * static_cast<index_t>(sizeof(real));
}

void KvCache::append(index_t layer, index_t first_row, index_t rows, index_t n, const real* k, const real* v) {
  for (index_t r = 0; r < rows; ++r) {
    const index_t begin = length(first_row + r) * width_, from = r * n * width_;
    std::copy_n(k + from, n * width_, keys(layer, first_row + r) + begin);
    if (tensors_ == 2) std::copy_n(v + from, n * width_, values(layer, first_row + r) + begin);
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
