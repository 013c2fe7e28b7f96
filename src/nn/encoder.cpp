// The family of the synthetic tasks: one target symbol for each input symbol.
// No mask: every position sees every other.
#include <optional>

#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/families.hpp"

namespace qkvbench::nn {

namespace {

/// Symbols in, one symbol for each position out: one-hot → Linear, learned positions, Linear at every position.
class EncoderFamily : public ModelEnds {
 public:
  explicit EncoderFamily(const ModelConfig& config) : config_(config) { check_positions(config); }
  void declare_input(Parameters& parameters) override {
    embed_.emplace(parameters, "embed", config_.symbols, config_.d_model, init(), config_.bias);
    if (config_.positions == "learned")
      positions_ = &parameters.declare("pos_emb.weight", {config_.max_len, config_.d_model}, Init::normal(1));
  }
  void declare_output(Parameters& parameters) override {
    head_.emplace(parameters, "head", config_.d_model, config_.symbols, init(), config_.bias);
  }
  Value embed(Tape& tape, const Batch& batch) const override {
    if (batch.input.rank() != 2)
      fail_internal("encoder: the input has shape " + batch.input.text() + "; [B, T] symbols are needed");
    const Value symbols = one_hot(tape, batch.ids, batch.input[0], batch.input[1], config_.symbols);
    const Value h = embed_->forward(tape, symbols);
    return positions_ ? add_positions(tape, h, positions_->on(tape)) : h;
  }
  Value read_out(Tape& tape, Value h) const override {
    return tape.reshape(head_->forward(tape, h), {h.shape().rows(), config_.symbols});
  }
  index_t positions() const override { return config_.seq_len; }
  index_t io_macs() const override { return 2 * config_.seq_len * config_.symbols * config_.d_model; }
  index_t io_activations() const override { return config_.seq_len * (3 * config_.symbols + 2 * config_.d_model + 1); }

 private:
  ModelConfig config_;
  std::optional<Linear> embed_, head_;
  const Parameter* positions_ = nullptr;
};

}  // namespace

std::unique_ptr<ModelEnds> make_encoder(const ModelConfig& config) { return std::make_unique<EncoderFamily>(config); }

}  // namespace qkvbench::nn
