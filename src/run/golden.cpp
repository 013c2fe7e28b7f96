// Reading golden files and comparing with their numbers, for single steps and for whole loops.
// Which numbers are compared, and how closely, is said where they are.
#include "qkvbench/run/golden.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/family.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::run::golden {

using formats::Safetensors;
using nlohmann::json;

json metadata_json(const formats::Safetensors& file, const std::string& key) {
  return formats::parse_json(file.metadata(key), file.origin() + ": " + key);
}

namespace {

/// The options of the block, under the names that the files have; what a file lacks is as in GPT-2.
void read_block(const json& c, const std::string& where, nn::ModelConfig& m) {
  const auto read = [&](const char* key, auto& field) {
    if (c.contains(key) && !c.at(key).is_null()) field = c.at(key).get<std::decay_t<decltype(field)>>();
  };
  const auto size = [&](const char* key, index_t& field) {
    if (c.contains(key)) field = formats::count_of(c.at(key), where);
  };
  read("norm", m.norm), read("norm_eps", m.norm_eps), read("mlp", m.mlp), read("bias", m.bias);
  read("positions", m.positions), read("rope_base", m.rope_base), read("rope_fraction", m.rope_fraction);
  read("rope_style", m.rope_style), read("rope_value", m.rope_value), read("qvv_route", m.qvv_route);
  read("qk_norm", m.qk_norm), read("v_norm", m.v_norm), read("projection_gains", m.projection_gains);
  read("attn_scale", m.attn_scale);
  size("n_inner", m.d_ff);
  if (m.variant.kind->rotary || (m.rope() && m.rope_fraction == 1)) size("rope_dim", m.rope_dim);
  for (const char* eps : {"qk_norm_eps", "latent_norm_eps"})
    if (c.contains(eps) && c.at(eps) != c.at("norm_eps"))
      fail_input(where + ": " + eps + " is not norm_eps; one number serves all norms here");
  const auto size_of_kind = [&](const char* key, index_t& field) {
    if (m.variant.kind->reads(key)) size(key, field);
  };
  size_of_kind("qk_head_dim", m.qk_head_dim), size_of_kind("v_head_dim", m.v_head_dim);
  size_of_kind("q_rank", m.q_rank), size_of_kind("kv_rank", m.kv_rank), size_of_kind("nope_dim", m.nope_dim);
  size_of_kind("latent_heads", m.latent_heads);
}

}  // namespace

nn::ModelConfig model_config(const formats::Safetensors& file, const json& c, index_t seq_len) {
  const std::string where = file.origin() + ": config";
  const auto size = [&](const char* key, index_t otherwise) {
    return c.contains(key) ? formats::count_of(c.at(key), where) : otherwise;
  };
  nn::ModelConfig m;
  m.family = file.metadata("family");
  m.variant = nn::parse_variant(file.metadata("variant"));
  m.d_model = formats::count_of(c.at("n_embd"), where);
  m.layers = formats::count_of(c.at("n_layer"), where);
  m.heads = formats::count_of(c.at("n_head"), where);
  m.kv_heads = size("n_kv_head", m.heads);
  m.seq_len = seq_len;
  m.max_len = size("max_len", size("n_positions", m.seq_len));
  m.pos_dim = size("pos_dim", m.pos_dim);
  m.symbols = size("n_symbols", m.symbols);
  m.features = size("feat_dim", m.features);
  m.vocab = size("vocab_size", m.vocab);
  m.image_size = size("image_size", m.image_size);
  m.channels = size("channels", m.channels);
  m.patch = size("patch", m.patch);
  m.classes = size("n_classes", m.classes);
  if (data::traits_of(m.family).decodes) read_block(c, where, m);
  return m;
}

Shape shape_of(const formats::Safetensors::Tensor& tensor) {
  Shape shape;
  for (const index_t size : tensor.shape) shape.push_back(size);
  return shape;
}

std::vector<std::int32_t> ids_of(const formats::Safetensors& file, const std::string& name) {
  std::vector<std::int32_t> out;
  for (const std::int64_t id : file.integers(name)) {
    if (id < 0 || id > INT32_MAX) fail_input(file.origin() + ": " + name + " holds " + std::to_string(id));
    out.push_back(static_cast<std::int32_t>(id));
  }
  return out;
}

/// The target of position t is id t + 1; the last position of a row has none.
std::vector<std::int32_t> next_ids(const std::vector<std::int32_t>& ids, index_t row) {
  std::vector<std::int32_t> targets(ids.begin() + 1, ids.end());
  targets.push_back(kIgnoredTarget);
  for (std::size_t i = static_cast<std::size_t>(row) - 1; i < targets.size(); i += static_cast<std::size_t>(row))
    targets[i] = kIgnoredTarget;
  return targets;
}

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float v : values) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// max|Δ|; NaN or a different length make it infinite, so that a comparison fails.
double largest_difference(const real* ours, const std::vector<float>& golden, index_t size) {
  if (static_cast<index_t>(golden.size()) != size) return INFINITY;
  double most = 0;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    const double difference = std::abs(static_cast<double>(ours[i]) - static_cast<double>(golden[i]));
    if (!(difference <= most)) most = std::isnan(difference) ? INFINITY : difference;
  }
  return most;
}

/// |Δ| / |golden|; NaN becomes infinite, since std::max would pass over it.
double relative(double ours, double golden) {
  const double error = std::abs(ours - golden) / std::abs(golden);
  return std::isnan(error) ? INFINITY : error;
}

}  // namespace qkvbench::run::golden
