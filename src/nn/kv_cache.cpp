// Storage of what attention keeps.
// Each head's positions lie one after the other, so that a step reads them as one stream.
#include "qkvbench/nn/kv_cache.hpp"

#include <cstring>

#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/model.hpp"

namespace qkvbench::nn {

void check_context(const ModelConfig& config, index_t context) {
  if (config.positions == "learned" && context > config.max_len)
    fail_usage("a context of " + std::to_string(context) + " positions is longer than the model's " +
               std::to_string(config.max_len) + " learned positions");
}

KvCache::KvCache(const Model& model, index_t rows, index_t capacity, CacheForm form, kernels::NumberFormat format)
    : capacity_(capacity),
      form_(form),
      format_(format),
      tensors_(model.blocks().front().attention().cache_tensors(form)),
      lengths_(static_cast<std::size_t>(rows), 0) {
  check_context(model.config(), capacity);
  for (std::size_t layer = 0; layer < model.blocks().size(); ++layer)
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      const auto bytes = static_cast<std::size_t>(rows * row_size(static_cast<index_t>(i)));
      memory_.push_back(aligned_memory(bytes));
      std::memset(memory_.back().get(), 0, bytes);
    }
}

index_t KvCache::bytes() const {
  index_t of_layer = 0;
  for (std::size_t i = 0; i < tensors_.size(); ++i) of_layer += rows() * row_size(static_cast<index_t>(i));
  return of_layer * static_cast<index_t>(memory_.size() / tensors_.size());
}

void KvCache::append(index_t layer, index_t tensor_index, index_t first_row, index_t rows, index_t n, const real* x) {
  const auto [name, heads, width] = tensor(tensor_index);
  const index_t position = kernels::row_bytes(format_, width);
  for (index_t r = 0; r < rows; ++r) {
    std::byte* to = memory(layer, tensor_index) + (first_row + r) * row_size(tensor_index);
    for (index_t h = 0; h < heads; ++h)
      for (index_t i = 0; i < n; ++i)
        kernels::narrow_rows(format_, 1, width, x + ((r * n + i) * heads + h) * width,
                             to + h * head_size(tensor_index) + (length(first_row + r) + i) * position);
  }
}

void KvCache::copy_row(index_t from, index_t to) {
  const auto tensors = static_cast<index_t>(tensors_.size());
  for (index_t i = 0; i < static_cast<index_t>(memory_.size()); ++i) {
    std::byte* all = memory(i / tensors, i % tensors);
    const index_t row = row_size(i % tensors), head = head_size(i % tensors);
    const auto held = static_cast<std::size_t>(length(from) * kernels::row_bytes(format_, tensor(i % tensors).width));
    for (index_t h = 0; h < tensor(i % tensors).heads; ++h)
      std::memcpy(all + to * row + h * head, all + from * row + h * head, held);
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
