// From projections to q, k and v, and back from what is cached.
// No branch on a variant: what is shared, scaled, normed and turned is data of three paths.
#include "qkvbench/nn/attention_shared.hpp"

#include <algorithm>
#include <vector>

#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/norm.hpp"
#include "qkvbench/base/arena.hpp"
#include "qkvbench/kernels/elementwise.hpp"
#include "qkvbench/kernels/norm.hpp"
#include "qkvbench/nn/attention_kinds.hpp"

namespace qkvbench::nn {

SharedAttention::SharedAttention(Parameters& parameters, const std::string& name, const BlockConfig& config,
                                 MakeQuery make_query)
    : Attention(name, config, {config.kv_heads, config.key_width(), config.value_width()}),
      q_{config.variant.sharing().q},
      k_{config.variant.sharing().k},
      v_{config.variant.sharing().v} {
  declare_projections(parameters, make_query == nullptr);
  if (make_query) query_maps_ = make_query(parameters, name, config);
  for (Path* path : {&q_, &k_, &v_}) {
    path->heads = path == &q_ ? config.heads : kv_heads_;
    path->width = path == &v_ ? value_width_ : key_width_;
  }
  q_.turned = k_.turned = config.rope();
  v_.turned = config.rope() && config.rope_value == "relative";
  declare_gains_and_norms(parameters);
  declare_output(parameters);
}

/// One projection for each group of letters. Those that feed the query are as wide as its heads together, the others
/// as the key/value heads.
void SharedAttention::declare_projections(Parameters& parameters, bool query) {
  const Sharing& sharing = config_.variant.sharing();
  for (int p = 0; p < sharing.projection_count(); ++p) {
    if (p == sharing.q && !query) continue;
    const auto at = static_cast<std::size_t>(p);
    const index_t width = p == sharing.q   ? config_.heads * key_width_
                          : p == sharing.k ? kv_heads_ * key_width_
                                           : kv_heads_ * value_width_;
    projections_[at].emplace(
        projection(parameters, "c_" + std::string(sharing.projections[at]), config_.d_model, width));
  }
}

void SharedAttention::declare_gains_and_norms(Parameters& parameters) {
  const auto declare = [&](const std::string& suffix, index_t size) {
    return &parameters.declare(name_ + "." + suffix, {size}, Init::ones());
  };
  if (config_.projection_gains) {
    q_.gain = declare("gain_q", q_.heads * q_.width);
    k_.gain = declare("gain_k", k_.heads * k_.width);
    v_.gain = declare("gain_v", v_.heads * v_.width);
  }
  q_.normed = k_.normed = config_.qk_norm;
  v_.normed = config_.v_norm;
  if (!config_.qk_norm) return;
  q_.norm = declare("q_norm.weight", q_.width);
  k_.norm = declare("k_norm.weight", k_.width);
}

Value SharedAttention::follow(Tape& tape, Value u, const Path& path, const Place& place) const {
  if (path.gain) u = scale_columns(tape, u, path.gain->on(tape));
  if (path.normed) {
    const Value by_head = tape.reshape(u, {place.B, place.T, path.heads, path.width});
    const Value gain = path.norm ? path.norm->on(tape) : Value();
    u = tape.reshape(rms_norm(tape, by_head, gain, static_cast<real>(config_.norm_eps)), u.shape());
  }
  return path.turned ? rope(tape, u, rotation(place, path.width)) : u;
}

Value SharedAttention::heads(Tape& tape, Value x, const Place& place) const {
  std::array<Value, 3> u;
  for (std::size_t p = 0; p < 3; ++p)
    if (projections_[p]) u[p] = projections_[p]->forward(tape, x);
  const auto from = [&](const Path& path) { return u[static_cast<std::size_t>(path.projection)]; };
  const Value q = follow(tape, query_maps_ ? query_maps_->forward(tape, x) : from(q_), q_, place);
  const Value k = k_ == q_ ? q : follow(tape, from(k_), k_, place);
  const Value v = v_ == k_ ? k : v_ == q_ ? q : follow(tape, from(v_), v_, place);
  if (place.cached) {
    const bool one = one_tensor(place.cached->cache->form());
    append(place, 0, one && !(k_ == v_) ? from(k_) : k);
    if (!one) append(place, 1, v);
  }
  const Value o = place.step() ? step(tape, q, place) : attend(tape, q, k, v, place);
  return v_.turned ? rope(tape, o, rotation(place, value_width_), -1) : o;
}

bool SharedAttention::one_tensor(CacheForm form) const {
  return config_.variant.sharing().key_is_value() && (k_ == v_ || form == CacheForm::kLeast);
}

std::vector<CacheTensor> SharedAttention::cache_tensors(CacheForm form) const {
  if (one_tensor(form)) return {{"kv", kv_heads_, key_width_}};
  return {{"k", kv_heads_, key_width_}, {"v", kv_heads_, value_width_}};
}

Value SharedAttention::step(Tape& tape, Value q, const Place& place) const {
  const kernels::CachedAttentionSize size{
      place.B, place.positions(), config_.heads, kv_heads_, key_width_, value_width_, key_width_, 0, scale_};
  kernels::Rows k = cached(place, 0), v = k;
  Scratch scratch;
  if (!one_tensor(place.cached->cache->form())) {
    v = cached(place, 1);
  } else if (!(k_ == v_)) {
    const index_t numbers = place.B * kv_heads_ * place.positions() * key_width_;
    k = from_projection(place, k_, scratch.take(numbers));
    // One format for both: where keys are made wide, values are too.
    if (!v_.is_projection() || v.format != k.format) v = from_projection(place, v_, scratch.take(numbers));
  }
  return attend_cached(tape, q, {k.format, k.data, nullptr, v.data}, place, size);
}

kernels::Rows SharedAttention::from_projection(const Place& place, const Path& path, real* to) const {
  const index_t capacity = place.positions(), slice = capacity * path.width;
  const kernels::Rows u = cached(place, 0);
  const real* angles = config_.rope() ? config_.rope_rows->first(capacity) : nullptr;
  for (index_t b = 0; b < place.B; ++b)
    for (index_t g = 0; g < kv_heads_; ++g) {
      const index_t head = b * kv_heads_ + g;
      follow_cached(place.starts[b] + 1, g, u.from(head * capacity), path, angles, to + head * slice);
    }
  return kernels::real_rows(to, path.width);
}

void SharedAttention::follow_cached(index_t n, index_t g, const kernels::Rows& u, const Path& path, const real* angles,
                                    real* y) const {
  const index_t w = path.width;
  kernels::widen_rows(u, n, y);
  if (path.gain) kernels::scale_columns_forward(n, w, y, path.gain->value + g * w, y);
  if (path.normed) {
    Scratch scratch;
    kernels::rms_norm_forward(n, w, 1, static_cast<real>(config_.norm_eps), y, path.norm ? path.norm->value : nullptr,
                              y, scratch.take(n));
  }
  if (path.turned) kernels::rope(1, n, 1, rope_size(w), angles, nullptr, 1, y, y, false);
}

std::unique_ptr<Attention> make_shared_attention(Parameters& parameters, const std::string& name,
                                                 const BlockConfig& config) {
  return std::make_unique<SharedAttention>(parameters, name, config);
}

index_t SharedAttention::Path::activations() const {
  const index_t numbers = 2 * heads * width;
  return (gain ? numbers : 0) + (normed ? numbers + heads : 0) + (turned ? numbers : 0);
}

index_t SharedAttention::activations_inside() const {
  index_t numbers = query_maps_ ? query_maps_->activations() : 0;
  for (const auto& projection : projections_)
    if (projection) numbers += 2 * projection->out_features();
  std::vector<const Path*> paths{&q_};
  if (!(k_ == q_)) paths.push_back(&k_);
  if (!(v_ == k_) && !(v_ == q_)) paths.push_back(&v_);
  std::array<bool, 3> handed_down{};
  for (const Path* path : paths) {
    numbers += path->activations();
    // The first norm of a projection hands its gradient down, the others' are added to it.
    if (!path->normed || path->gain) continue;
    bool& handed = handed_down[static_cast<std::size_t>(path->projection)];
    if (handed) numbers += path->heads * path->width;
    handed = true;
  }
  return numbers + (v_.turned ? 2 * config_.heads * value_width_ : 0);
}

}  // namespace qkvbench::nn
