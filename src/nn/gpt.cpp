// The family of language models: GPT-2's stack, whose read-out is its embedding or a matrix of its own.
// No loop of decoding and no cache; only what is particular to the two ends.
#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/families.hpp"

namespace qkvbench::nn {

namespace {

/// Tokens in, logits of the next token out.
class GptFamily : public ModelEnds {
 public:
  explicit GptFamily(const ModelConfig& config) : config_(config) { check_positions(config); }
  bool causal() const override { return true; }
  InitScheme init() const override { return InitScheme::kGpt2; }
  void declare_input(Parameters& parameters) override {
    tokens_ =
        &parameters.declare("tok_emb.weight", {config_.vocab, config_.d_model}, Init::normal(kGpt2Deviation), true);
    if (config_.positions == "learned")
      positions_ =
          &parameters.declare("pos_emb.weight", {config_.max_len, config_.d_model}, Init::normal(kGpt2Deviation));
  }
  void declare_output(Parameters& parameters) override {
    if (!config_.tied_head)
      head_ = &parameters.declare("head.weight", {config_.vocab, config_.d_model}, Init::normal(kGpt2Deviation), true);
  }
  Value embed(Tape& tape, const Batch& batch) const override {
    if (batch.input.rank() != 2)
      fail_internal("gpt: the input has shape " + batch.input.text() + "; [B, T] tokens are needed");
    const Value tokens = embedding(tape, tokens_->on(tape), batch.ids, batch.input[0], batch.input[1]);
    return positions_ ? add_positions(tape, tokens, positions_->on(tape)) : tokens;
  }
  Value embed_at(Tape& tape, std::span<const std::int32_t> ids,
                 std::span<const std::int32_t> positions) const override {
    const auto n = static_cast<index_t>(ids.size());
    const Value tokens = embedding(tape, tokens_->on(tape), ids, n, 1);
    return positions_ ? add(tape, tokens, embedding(tape, positions_->on(tape), positions, n, 1)) : tokens;
  }
  Value read_out(Tape& tape, Value h) const override {
    const Value logits = linear(tape, h, (head_ ? head_ : tokens_)->on(tape));
    return tape.reshape(logits, {h.shape().rows(), config_.vocab});
  }
  index_t positions() const override { return config_.seq_len; }
  index_t io_macs() const override { return config_.seq_len * config_.vocab * config_.d_model; }
  index_t io_activations() const override { return config_.seq_len * (2 * config_.d_model + 2 * config_.vocab + 1); }

 private:
  ModelConfig config_;
  const Parameter *tokens_ = nullptr, *positions_ = nullptr, *head_ = nullptr;  // no head: the embedding's transpose
};

}  // namespace

std::unique_ptr<ModelEnds> make_gpt(const ModelConfig& config) { return std::make_unique<GptFamily>(config); }

}  // namespace qkvbench::nn
