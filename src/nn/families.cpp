// The families: what comes before the blocks and what comes after them.
// Nothing here knows attention or how projections are shared.
#include "qkvbench/nn/families.hpp"

#include <array>
#include <optional>

#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::nn {

namespace {

/// Symbols in, one symbol for each position out: one-hot → Linear, learned positions, Linear at every position.
class EncoderFamily : public Family {
 public:
  explicit EncoderFamily(const ModelConfig& config) : config_(config) {
    if (config.seq_len > config.max_len)
      fail_usage("seq_len " + std::to_string(config.seq_len) + " is longer than the " + std::to_string(config.max_len) +
                 " learned positions; raise --max-len");
  }
  void declare_input(Parameters& parameters) override {
    embed_.emplace(parameters, "embed", config_.symbols, config_.d_model, init());
    positions_ = &parameters.declare("pos_emb.weight", {config_.max_len, config_.d_model}, Init::normal(1));
  }
  void declare_output(Parameters& parameters) override {
    head_.emplace(parameters, "head", config_.d_model, config_.symbols, init());
  }
  Value embed(Tape& tape, const Batch& batch) const override {
    if (batch.input.rank() != 2)
      fail_internal("encoder: the input has shape " + batch.input.text() + "; [B, T] symbols are needed");
    const Value symbols = one_hot(tape, batch.ids, batch.input[0], batch.input[1], config_.symbols);
    return add_positions(tape, embed_->forward(tape, symbols), positions_->on(tape));
  }
  Value read_out(Tape& tape, Value h) const override {
    return tape.reshape(head_->forward(tape, h), {h.shape().rows(), config_.symbols});
  }
  index_t positions() const override { return config_.seq_len; }
  index_t macs_ends() const override { return 2 * config_.seq_len * config_.symbols * config_.d_model; }

 private:
  ModelConfig config_;
  std::optional<Linear> embed_, head_;
  const Parameter* positions_ = nullptr;
};

/// A set of feature vectors in, one logit for each element out. No positions: permuting the set permutes the logits.
class SetFamily : public Family {
 public:
  explicit SetFamily(const ModelConfig& config) : config_(config) {}
  void declare_input(Parameters& parameters) override {
    embed_.emplace(parameters, "embed", config_.features, config_.d_model, init());
  }
  void declare_output(Parameters& parameters) override {
    head_.emplace(parameters, "head", config_.d_model, 1, init());
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
  index_t macs_ends() const override { return config_.seq_len * config_.d_model * (config_.features + 1); }

 private:
  ModelConfig config_;
  std::optional<Linear> embed_, head_;
};

template <class F>
std::unique_ptr<Family> make(const ModelConfig& config) {
  return std::make_unique<F>(config);
}

struct Row {
  const char* name;
  std::unique_ptr<Family> (*make)(const ModelConfig&);
};
constexpr std::array<Row, 2> kFamilies{{{"encoder", make<EncoderFamily>}, {"set", make<SetFamily>}}};

}  // namespace

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Row& row : kFamilies) out.emplace_back(row.name);
    return out;
  }();
  return names;
}

std::unique_ptr<Family> make_family(const ModelConfig& config) {
  for (const Row& row : kFamilies)
    if (config.family == row.name) return row.make(config);
  fail_usage(unknown_name("family", config.family, family_names()));
}

}  // namespace qkvbench::nn
