// Storage of what attention keeps.
// Each head's positions lie one after the other, so that a step reads them as one stream.
#include "qkvbench/nn/kv_cache.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/model.hpp"

namespace qkvbench::nn {

void check_context(const ModelConfig& config, index_t context) {
  if (config.positions == "learned" && context > config.max_len)
    fail_usage("a context of " + std::to_string(context) + " positions is longer than the model's " +
               std::to_string(config.max_len) + " learned positions");
}

KvCache::KvCache(const Model& model, index_t rows, index_t capacity, CacheForm form)
    : capacity_(capacity),
      form_(form),
      tensors_(model.blocks().front().attention().cache_tensors(form)),
      lengths_(static_cast<std::size_t>(rows), 0) {
  check_context(model.config(), capacity);
  for (std::size_t layer = 0; layer < model.blocks().size(); ++layer)
    for (std::size_t i = 0; i < tensors_.size(); ++i)
      buffers_.emplace_back(rows * capacity * numbers(static_cast<index_t>(i)));
}

index_t KvCache::bytes() const {
  index_t numbers = 0;
  for (const Buffer& buffer : buffers_) numbers += buffer.size();
  return numbers * static_cast<index_t>(sizeof(real));
}

void KvCache::append(index_t layer, index_t tensor_index, index_t first_row, index_t rows, index_t n, const real* x) {
  const auto [name, heads, width] = tensor(tensor_index);
  for (index_t r = 0; r < rows; ++r) {
    real* to = at(layer, tensor_index, first_row + r);
    for (index_t h = 0; h < heads; ++h)
      for (index_t i = 0; i < n; ++i)
        std::copy_n(x + ((r * n + i) * heads + h) * width, width,
                    to + (h * capacity_ + length(first_row + r) + i) * width);
  }
}

void KvCache::copy_row(index_t from, index_t to) {
  const auto tensors = static_cast<index_t>(tensors_.size());
  for (index_t i = 0; i < static_cast<index_t>(buffers_.size()); ++i) {
    const auto [name, heads, width] = tensor(i % tensors);
    for (index_t h = 0; h < heads; ++h)
      std::copy_n(at(i / tensors, i % tensors, from) + h * capacity_ * width, length(from) * width,
                  at(i / tensors, i % tensors, to) + h * capacity_ * width);
  }
  lengths_[static_cast<std::size_t>(to)] = length(from);
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
