// The stack of blocks between a family's two ends.
// No branch on family or variant: both are data here.
#include "qkvbench/nn/model.hpp"

#include <numeric>

#include "qkvbench/autograd/recompute.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/attention.hpp"
#include "qkvbench/nn/families.hpp"
#include "qkvbench/nn/kv_cache.hpp"

namespace qkvbench::nn {

Value ModelEnds::embed_at(Tape&, std::span<const std::int32_t>, std::span<const std::int32_t>) const {
  fail_usage("only a language model (family gpt) can decode");
}

namespace {

/// With the sizes that follow from others.
ModelConfig completed(ModelConfig config) {
  complete_block(config);
  return config;
}

}  // namespace

Model::Model(const ModelConfig& config)
    : config_(completed(config)),
      family_(make_family(config_)),
      position_rows_(
          config_.pos_dim,
          [m = config_.pos_dim, table = config_.plus == "relative" ? kernels::distance_table : kernels::position_table](
              index_t n, real* rows) { table(n, m, rows); }),
      rope_rows_(2 * config_.rope_pairs(),
                 [size = kernels::RopeSize{0, 0, config_.rope_span(), config_.rope_pairs(), false},
                  base = config_.rope_base](index_t n, real* rows) { kernels::rope_table(0, n, size, base, rows); }) {
  family_->declare_input(parameters_);
  const BlockConfig block{config_,           &position_rows_,          &rope_rows_,
                          family_->causal(), family_->dropout_place(), family_->init()};
  for (index_t i = 0; i < config_.layers; ++i) blocks_.emplace_back(parameters_, "blocks." + std::to_string(i), block);
  ln_f_ = std::make_unique<Norm>(parameters_, "ln_f", config_);
  family_->declare_output(parameters_);
}

Value ModelEnds::features(Tape&, Value) const {
  fail_usage("only a model of images (family vit) has features of an example as a whole");
}

/// After the last norm: [B, T, d].
Value Model::hidden(Tape& tape, const Batch& batch) const {
  Value h = family_->embed(tape, batch);
  const bool keep = tape.recording() && !config_.recompute;
  for (const Block& block : blocks_) {
    const auto forward = [&block](Tape& t, Value x) { return block.forward(t, x); };
    h = keep ? forward(tape, h) : recompute(tape, h, forward);
  }
  return ln_f_->forward(tape, h);
}

Value Model::forward(Tape& tape, const Batch& batch) const { return family_->read_out(tape, hidden(tape, batch)); }

Value Model::features(Tape& tape, const Batch& batch) const { return family_->features(tape, hidden(tape, batch)); }

Value Model::decode(Tape& tape, Value h, KvCache& cache, index_t first_row) const {
  const index_t B = h.shape()[0], T = h.shape()[1], d = config_.d_model;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const CachedRows rows{&cache, static_cast<index_t>(i), first_row};
    h = recompute(tape, h, [&](Tape& t, Value x) { return blocks_[i].forward(t, x, &rows); });
  }
  cache.advance(first_row, B, T);
  if (T > 1) h = tape.constant({B, 1, d}, h.data() + (T - 1) * d);  // B is 1: the last position follows alone
  return family_->read_out(tape, ln_f_->forward(tape, h));
}

Value Model::decode_first(Tape& tape, std::span<const std::int32_t> ids, KvCache& cache, index_t row) const {
  std::vector<std::int32_t> positions(ids.size());
  std::iota(positions.begin(), positions.end(), 0);
  const auto n = static_cast<index_t>(ids.size());
  cache.check_room(row, 1, n);
  const Value h = family_->embed_at(tape, ids, positions);
  return decode(tape, tape.reshape(h, {1, n, config_.d_model}), cache, row);
}

Value Model::decode_next(Tape& tape, std::span<const std::int32_t> ids, KvCache& cache, index_t first_row) const {
  const auto rows = static_cast<index_t>(ids.size());
  std::vector<std::int32_t> positions;
  for (index_t r = 0; r < rows; ++r) positions.push_back(static_cast<std::int32_t>(cache.length(first_row + r)));
  cache.check_room(first_row, rows, 1);
  return decode(tape, family_->embed_at(tape, ids, positions), cache, first_row);
}

}  // namespace qkvbench::nn
