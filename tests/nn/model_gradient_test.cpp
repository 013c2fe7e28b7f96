// Gradients of whole models: all families, every sharing with and without the positional term, every parameter.
// The scalar is the loss plus an uneven sum of the logits, so that nothing cancels.
#include "qkvbench/autograd/loss.hpp"
#include "support/gradcheck.hpp"
#include "support/modern_models.hpp"

namespace qkvbench::testing {

namespace {

constexpr RandomContext kRandom{5, 17};

Value scalar_on(Tape& tape, const nn::Model& model, const Batch& batch, const std::vector<real>& weights) {
  const Value logits = model.forward(tape, batch);
  return plus(tape, weighted_sum(tape, logits, weights.data()), cross_entropy(tape, logits, batch.targets).mean_nats);
}

/// The slope along one number of a parameter, by differences.
real slope(const nn::Model& model, const Batch& batch, const std::vector<real>& weights, real& x) {
  const real x0 = x, h = 1e-3;
  Tape tape;
  const auto evaluate = [&](real step) {
    tape.reset(kRandom);
    x = x0 + step;
    return *scalar_on(tape, model, batch, weights).data();
  };
  const real wide = (evaluate(h) - evaluate(-h)) / (2 * h), narrow = (evaluate(h / 2) - evaluate(-h / 2)) / h;
  x = x0;
  return (4 * narrow - wide) / 3;
}

/// Up to `most` elements of every parameter: spread out, first and last among them.
void check_model(const nn::ModelConfig& config, index_t most) {
  nn::Model model(config);
  fill_parameters(model, 3);
  const Batch batch = tiny_batch(config);
  const auto weights = scalar_weights(static_cast<index_t>(logits_of(model, batch).size()));
  Tape tape;
  detail::poison(tape, kRandom);
  tape.backward(scalar_on(tape, model, batch, weights));
  for (const nn::Parameter& p : model.parameters().all()) {
    const index_t n = p.shape.elements(), samples = std::min(n, most);
    real scale = 1e-2, worst = 0;
    for (index_t i = 0; i < n; ++i) scale = std::max(scale, std::abs(p.grad[i]));
    index_t at = -1;
    for (index_t s = 0; s < samples; ++s) {
      const index_t i = samples == 1 ? 0 : s * (n - 1) / (samples - 1);
      const real diff = std::abs(p.grad[i] - slope(model, batch, weights, p.value[i]));
      if (!(diff <= worst)) worst = diff, at = i;
    }
    INFO(config.family << " " << config.variant.id() << ", kv_heads " << config.kv_heads << ": " << p.name << " "
                       << p.shape.text() << ", element " << at);
    CHECK(worst <= 1e-7 * scale);
  }
}

}  // namespace

TEST_CASE("gradient of every parameter of every model", "[gradient]") {
  for (const std::string& family : nn::family_names())
    for (const std::string& id : partitions())
      for (const std::string plus : {"", "+"}) check_model(tiny_config(family, id + plus), 9);
}

TEST_CASE("gradient of every parameter of models of every kind of attention and option", "[gradient]") {
  for (const auto& [name, config] : modern_models()) {
    INFO(name);
    check_model(config, 5);
  }
}

TEST_CASE("gradient of other families with modern blocks", "[gradient]") {
  for (const std::string family : {"encoder", "vit"})
    for (const char* variant : {"q_kv", "gta", "mla", "qvv3"}) {
      nn::ModelConfig config = tiny_config(family, variant);
      config.d_model = 12, config.positions = "rope", config.norm = "rmsnorm", config.mlp = "swiglu";
      config.bias = false;
      check_model(config, 5);
    }
  nn::ModelConfig set = tiny_config("set", "q_kv");
  set.norm = "rmsnorm", set.mlp = "swiglu", set.bias = false, set.qk_norm = true;
  set.norm_eps = 1e-2;  // heads of two channels: their norms bend sharply at a smaller one
  check_model(set, 5);
}

TEST_CASE("gradient of models with shared heads", "[gradient]") {
  for (const std::string variant : {"q_k_v", "q_kv", "q_k_v+", "q_kv+"})
    for (const std::string& family : nn::family_names()) check_model(tiny_config(family, variant, 1), 9);
  auto config = tiny_config("encoder", "q_kv+", 2);
  config.d_model = 8, config.heads = 4;
  check_model(config, 9);
}

TEST_CASE("gradient of every element of one model", "[gradient]") {
  auto config = tiny_config("set", "qv_k+");
  config.layers = 1;
  check_model(config, 1 << 20);
}

TEST_CASE("gradient of a model with dropout under a fixed mask", "[gradient]") {
  for (const std::string variant : {"q_k_v", "qkv+"}) {
    auto config = tiny_config("encoder", variant);
    config.dropout = 0.3;
    check_model(config, 9);
  }
}

}  // namespace qkvbench::testing
