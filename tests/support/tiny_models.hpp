// Small models on uneven sizes, and batches for them.
// Sizes are such that no two of them are equal by accident.
#pragma once
#include <string>

#include "qkvbench/nn/model.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

/// d = 6 in 3 heads of 2, T = 5.
inline nn::ModelConfig tiny_config(const std::string& family, const std::string& variant, index_t kv_heads = 3) {
  nn::ModelConfig config;
  config.family = family;
  config.variant = nn::parse_variant(variant);
  config.d_model = 6, config.layers = 2, config.heads = 3, config.kv_heads = kv_heads;
  config.seq_len = 5, config.max_len = 7, config.pos_dim = 5, config.features = 4;
  config.vocab = 11;
  config.image_size = 5, config.channels = 2, config.patch = 3, config.classes = 7;  // 2 × 2 patches, padded
  return config;
}

/// The ids of the partitions of {q, k, v}.
inline std::vector<std::string> partitions() {
  std::vector<std::string> ids;
  for (const nn::AttentionKind& kind : nn::all_kinds())
    if (kind.is_partition()) ids.emplace_back(kind.id);
  return ids;
}

/// Three examples; one target in each family is not scored.
inline Batch tiny_batch(const nn::ModelConfig& config) {
  Batch batch;
  batch.size = 3;
  const index_t T = config.seq_len;
  if (config.family == "set") {
    batch.input = {3, T, config.features};
    batch.features = normals(3 * T * config.features, 99);
    batch.targets = {4, -1, 2};
    return batch;
  }
  if (config.family == "vit") {
    const index_t side = config.image_size;
    batch.input = {3, config.channels, side, side};
    batch.features = normals(3 * config.channels * side * side, 98);
    batch.targets = {6, -1, 2};
    return batch;
  }
  batch.input = {3, T};
  for (index_t i = 0; i < 3 * T; ++i) {
    batch.ids.push_back(static_cast<std::int32_t>(i * i * 7 % config.symbols));
    batch.targets.push_back(i == 4 ? -1 : static_cast<std::int32_t>((i * 3 + 1) % config.symbols));
  }
  return batch;
}

/// Memory and values for a model's parameters. Zeros and ones are disturbed, so that every parameter matters.
inline void fill_parameters(nn::Model& model, std::uint64_t seed) {
  model.parameters().allocate();
  model.parameters().initialise(seed);
  for (const nn::Parameter& p : model.parameters().all()) {
    const auto noise = normals(p.shape.elements(), seed + fnv1a(p.name), 0.2);
    for (std::size_t i = 0; i < noise.size(); ++i) p.value[i] += noise[i];
  }
}

/// Logits of a batch, without recording.
inline std::vector<real> logits_of(const nn::Model& model, const Batch& batch) {
  Tape tape(false);
  const Value y = model.forward(tape, batch);
  return {y.data(), y.data() + y.shape().elements()};
}

}  // namespace qkvbench::testing
