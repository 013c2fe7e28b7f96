// What tests of identities of modern attention share: rotary models, what a pass tells, differences.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "qkvbench/kernels/rope.hpp"
#include "qkvbench/nn/kv_cache.hpp"
#include "qkvbench/nn/score_reader.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

using Change = std::function<void(nn::ModelConfig&)>;

inline nn::ModelConfig rope_config(
    const std::string& variant, const Change& change = [](auto&) {}) {
  nn::ModelConfig config = tiny_config("gpt", variant, 4);
  config.d_model = 24, config.heads = 4, config.seq_len = 7, config.positions = "rope", config.rope_base = 50;
  change(config);
  return config;
}

inline real* values_of(nn::Model& model, const std::string& name) { return model.parameters().find(name)->value; }
inline index_t size_of(nn::Model& model, const std::string& name) {
  return model.parameters().find(name)->shape.elements();
}

/// Gives `to` the values of all parameters that `from` has by the same name and shape.
inline void copy_common(nn::Model& from, nn::Model& to) {
  for (const nn::Parameter& p : to.parameters().all())
    if (const nn::Parameter* q = from.parameters().find(p.name); q && q->shape == p.shape)
      std::copy_n(q->value, p.shape.elements(), p.value);
}

/// Logits of one row of tokens.
inline std::vector<real> logits_on(const nn::Model& model, index_t n = 7) {
  Batch batch;
  batch.size = 1;
  batch.input = {1, n};
  for (index_t i = 0; i < n; ++i) batch.ids.push_back(static_cast<std::int32_t>((i * i * 5 + 3) % 11));
  return logits_of(model, batch);
}

inline double difference(const std::vector<real>& a, const std::vector<real>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a[i] - b[i]);
    if (!(d <= most)) most = d;
  }
  return most;
}

/// What a pass tells of the first layer: q, k and v.
struct Told : TapeObserver {
  std::map<std::string, std::vector<real>> first;
  void on_named(const char* module, const char* name, Value value) override {
    if (std::string(module) == "blocks.0.attn" && value.defined())
      first[name].assign(value.data(), value.data() + value.shape().elements());
  }
};

inline std::map<std::string, std::vector<real>> told(const nn::Model& model, const std::vector<real>& x) {
  Tape tape(false);
  Told watch;
  tape.watch(&watch);
  const Value in = tape.constant({1, 7, 24}, x.data());
  model.blocks()[0].attention().forward(tape, in, in);
  return watch.first;
}

/// Largest |S - Sᵀ| and largest |S| of the first layer.
inline std::pair<double, double> asymmetry(const std::string& variant, const Change& change) {
  nn::ModelConfig config = tiny_config("encoder", variant, 4);
  config.d_model = 24, config.heads = 4, config.seq_len = 7;
  change(config);
  nn::Model model(config);
  fill_parameters(model, 4);
  const auto x = normals(7 * 24, 8);
  Tape tape(false);
  nn::ScoreReader reader(model);
  tape.watch(&reader);
  const Value in = tape.constant({1, 7, 24}, x.data());
  model.blocks()[0].attention().forward(tape, in, in);
  double off = 0, most = 0;
  const auto& s = reader.layer(0);
  for (std::size_t h = 0; h < 4; ++h)
    for (std::size_t i = 0; i < 7; ++i)
      for (std::size_t j = 0; j < 7; ++j) {
        off = std::max(off, std::abs(s[h * 49 + i * 7 + j] - s[h * 49 + j * 7 + i]));
        most = std::max(most, std::abs(s[h * 49 + i * 7 + j]));
      }
  return {off, most};
}

inline const Change kRope = [](nn::ModelConfig& c) { c.positions = "rope", c.rope_base = 50; };

}  // namespace qkvbench::testing
