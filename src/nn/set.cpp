// The family of the odd-one-out task: one logit for each element of a set.
// No positions: permuting the set permutes the logits.
#include <optional>

#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/families.hpp"

namespace qkvbench::nn {

namespace {

/// Feature vectors in, one logit for each out: Linear, blocks, Linear to a single number.
class SetFamily : public ModelEnds {
 public:
  explicit SetFamily(const ModelConfig& config) : config_(config) {
    if (config.rope())
      fail_usage(
          "positions rope would tell the elements of a set apart by their order, which it does not have; leave "
          "--positions out");
  }
  void declare_input(Parameters& parameters) override {
    embed_.emplace(parameters, "embed", config_.features, config_.d_model, init(), config_.bias);
  }
  void declare_output(Parameters& parameters) override {
    head_.emplace(parameters, "head", config_.d_model, 1, init(), config_.bias);
  }
  Value embed(Tape& tape, const Batch& batch) const override {
    if (batch.input.rank() != 3 || batch.input[2] != config_.features)
      fail_internal("set: the input has shape " + batch.input.text() + "; [B, n, " + std::to_string(config_.features) +
                    "] features are needed");
    return embed_->forward(tape, tape.constant(batch.input, batch.features.data()));
  }
  Value read_out(Tape& tape, Value h) const override {
    return tape.reshape(head_->forward(tape, h), {h.shape()[0], h.shape()[1]});
  }
  index_t positions() const override { return config_.seq_len; }
  index_t io_macs() const override { return config_.seq_len * config_.d_model * (config_.features + 1); }
  index_t io_activations() const override { return config_.seq_len * (config_.d_model + 2) + 1; }

 private:
  ModelConfig config_;
  std::optional<Linear> embed_, head_;
};

}  // namespace

std::unique_ptr<ModelEnds> make_set(const ModelConfig& config) { return std::make_unique<SetFamily>(config); }

}  // namespace qkvbench::nn
