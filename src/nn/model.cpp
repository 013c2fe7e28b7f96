// The stack of blocks between a family's two ends.
// No branch on family or variant: both are data here.
#include "qkvbench/nn/model.hpp"

#include "qkvbench/autograd/recompute.hpp"
#include "qkvbench/nn/families.hpp"

namespace qkvbench::nn {

Model::Model(const ModelConfig& config) : config_(config), family_(make_family(config)) {
  family_->declare_input(parameters_);
  const BlockConfig block{config.variant, config.d_model,    config.heads,   config.kv_heads, family_->positions(),
                          config.pos_dim, family_->causal(), config.dropout, family_->init()};
  for (index_t i = 0; i < config.layers; ++i) blocks_.emplace_back(parameters_, "blocks." + std::to_string(i), block);
  ln_f_ = std::make_unique<LayerNorm>(parameters_, "ln_f", config.d_model);
  family_->declare_output(parameters_);
}

Value Model::forward(Tape& tape, const Batch& batch) const {
  Value h = family_->embed(tape, batch);
  const bool keep = tape.recording() && !config_.recompute;
  for (const Block& block : blocks_) {
    const auto forward = [&block](Tape& t, Value x) { return block.forward(t, x); };
    h = keep ? forward(tape, h) : recompute(tape, h, forward);
  }
  return family_->read_out(tape, ln_f_->forward(tape, h));
}

}  // namespace qkvbench::nn
