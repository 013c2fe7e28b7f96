// Keyless attention QVV(3): q_kv whose query goes through two maps with nothing between them.
// Before inference the two could be one; here they stay two, since that is how it trains differently.
#include "qkvbench/autograd/heads.hpp"
#include "qkvbench/nn/attention_kinds.hpp"
#include "qkvbench/nn/attention_shared.hpp"

namespace qkvbench::nn {

namespace {

/// x W₁ᵀ W₂ᵀ, both maps with biases.   W₁: [d, d]; W₂: [heads·e, d].
class TwoMaps : public QueryMaps {
 public:
  TwoMaps(Parameters& parameters, const std::string& name, const BlockConfig& c)
      : first_(parameters, name + ".c_q1", c.d_model, c.d_model, c.init, c.bias),
        second_(parameters, name + ".c_q2", c.d_model, c.heads * c.key_width(), c.init, c.bias) {}
  Value forward(Tape& tape, Value x) const override { return second_.forward(tape, first_.forward(tape, x)); }
  index_t activations() const override { return 2 * (first_.out_features() + second_.out_features()); }

 private:
  Linear first_, second_;
};

/// A projection, then each head's row vector times a matrix of its own.   route: [heads, e, e].
class HeadRoute : public QueryMaps {
 public:
  HeadRoute(Parameters& parameters, const std::string& name, const BlockConfig& c)
      : heads_(c.heads),
        projection_(parameters, name + ".c_q", c.d_model, c.heads * c.key_width(), c.init, c.bias),
        route_(&parameters.declare(name + ".route.weight", {c.heads, c.key_width(), c.key_width()},
                                   weight_init(c.init, c.key_width()), true)) {}
  Value forward(Tape& tape, Value x) const override {
    return grouped_linear(tape, projection_.forward(tape, x), route_->on(tape), {}, heads_, true);
  }
  index_t activations() const override { return 4 * projection_.out_features(); }

 private:
  index_t heads_;
  Linear projection_;
  const Parameter* route_;
};

std::unique_ptr<QueryMaps> make_query(Parameters& parameters, const std::string& name, const BlockConfig& config) {
  if (config.qvv_route == "head") return std::make_unique<HeadRoute>(parameters, name, config);
  return std::make_unique<TwoMaps>(parameters, name, config);
}

}  // namespace

std::unique_ptr<Attention> make_qvv_attention(Parameters& parameters, const std::string& name,
                                              const BlockConfig& config) {
  return std::make_unique<SharedAttention>(parameters, name, config, make_query);
}

}  // namespace qkvbench::nn
