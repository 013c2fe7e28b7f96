// Forward passes of the parts of a block.
// Gradients follow from the operations; nothing is written backward by hand here.
#include "qkvbench/nn/modules.hpp"

#include <cmath>

#include "qkvbench/autograd/attention.hpp"
#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/autograd/norm.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/attention.hpp"
#include "qkvbench/kernels/cached_attention.hpp"
#include "qkvbench/nn/kv_cache.hpp"

namespace qkvbench::nn {

namespace {

Init weight_init(InitScheme scheme, index_t fan_in) {
  return scheme == InitScheme::kGpt2 ? Init::normal(kGpt2Deviation)
                                     : Init::uniform(1 / std::sqrt(static_cast<double>(fan_in)));
}

Init bias_init(InitScheme scheme, index_t fan_in) {
  return scheme == InitScheme::kGpt2 ? Init::zeros() : Init::uniform(1 / std::sqrt(static_cast<double>(fan_in)));
}

}  // namespace

Linear::Linear(Parameters& parameters, const std::string& name, index_t in, index_t out, InitScheme init)
    : weight_(&parameters.declare(name + ".weight", {out, in}, weight_init(init, in))),
      bias_(&parameters.declare(name + ".bias", {out}, bias_init(init, in))) {}

Value Linear::forward(Tape& tape, Value x, Value residual) const {
  return linear(tape, x, weight_->on(tape), bias_->on(tape), residual);
}

Value Linear::forward_dropout(Tape& tape, Value x, Value residual, real p) const {
  // Without dropout the sum is part of the product's store.
  if (p == 0 || !tape.recording()) return forward(tape, x, residual);
  return add(tape, residual, dropout(tape, forward(tape, x), p));
}

LayerNorm::LayerNorm(Parameters& parameters, const std::string& name, index_t d)
    : weight_(&parameters.declare(name + ".weight", {d}, Init::ones())),
      bias_(&parameters.declare(name + ".bias", {d}, Init::zeros())) {}

Value LayerNorm::forward(Tape& tape, Value x) const { return layer_norm(tape, x, weight_->on(tape), bias_->on(tape)); }

namespace {

/// One projection for each group of letters. Those that feed the query are d_model wide, the others as wide as the
/// key/value heads together.
std::vector<Linear> make_projections(Parameters& parameters, const std::string& name, const BlockConfig& config) {
  const Sharing& sharing = *config.variant.sharing;
  check_heads(sharing, config.d_model, config.heads, config.kv_heads);
  const index_t kv_width = config.d_model / config.heads * config.kv_heads;
  std::vector<Linear> projections;
  for (int p = 0; p < sharing.projection_count(); ++p) {
    const std::string letters(sharing.projections[static_cast<std::size_t>(p)]);
    projections.emplace_back(parameters, name + ".c_" + letters, config.d_model,
                             p == sharing.q ? config.d_model : kv_width, config.init);
  }
  return projections;
}

}  // namespace

const real* PositionTable::data() const {
  std::call_once(made_, [this] {
    table_.resize(static_cast<std::size_t>(T_ * m_));
    kernels::position_table(T_, m_, table_.data());
  });
  return table_.data();
}

Attention::Attention(Parameters& parameters, const std::string& name, const BlockConfig& config)
    : config_(config),
      dropout_(config.dropout_place == DropoutPlace::kResidual ? config.dropout : 0),
      projections_(make_projections(parameters, name, config)),
      out_(parameters, name + ".c_proj", config.d_model, config.d_model, config.init) {
  if (!config.variant.plus) return;
  pos_w_ = &parameters.declare(name + ".pos_w", {config.pos_dim}, Init::normal(0.02));
  pos_b_ = &parameters.declare(name + ".pos_b", {1}, Init::zeros());
}

Attention::Inputs Attention::project(Tape& tape, Value x, index_t term_positions) const {
  const Sharing& sharing = *config_.variant.sharing;
  std::array<Value, 3> projected;
  for (std::size_t p = 0; p < projections_.size(); ++p) projected[p] = projections_[p].forward(tape, x);
  Inputs in{projected[static_cast<std::size_t>(sharing.q)],
            projected[static_cast<std::size_t>(sharing.k)],
            projected[static_cast<std::size_t>(sharing.v)],
            {}};
  if (pos_w_) {
    if (term_positions > config_.position_table->positions())
      fail_internal("attention: " + std::to_string(term_positions) +
                    " positions, but the positional term was made for " +
                    std::to_string(config_.position_table->positions()));
    in.terms = position_terms(tape, pos_w_->on(tape), pos_b_->on(tape), config_.position_table->data(), term_positions);
  }
  return in;
}

Value Attention::forward(Tape& tape, Value x, Value residual, const CachedRows* cached) const {
  const index_t B = x.shape()[0], T = x.shape()[1];
  const bool single = cached != nullptr && T == 1;
  const Inputs in = project(tape, x, single ? cached->cache->capacity() : T);
  if (cached) {
    if (T > 1 && (B > 1 || cached->cache->length(cached->first_row) > 0))
      fail_internal("attention: x " + x.shape().text() +
                    ": a cache takes one position of each row, or the first positions of one empty row");
    cached->cache->append(cached->layer, cached->first_row, B, T, in.k.data(), in.v.data());
  }
  const Value heads =
      single ? step(tape, in, *cached)
             : qkvbench::attention(tape, in.q, in.k, in.v, {config_.heads, config_.kv_heads, config_.causal}, in.terms);
  return out_.forward_dropout(tape, heads, residual, dropout_);
}

index_t Attention::activations() const {
  index_t projected = 0;
  for (const Linear& projection : projections_) projected += projection.out_features();
  const index_t d = config_.d_model, dropped = dropout_ > 0 ? 4 * d : 0;
  // q, k, v and their gradients; the heads' output, its gradient and log-sum-exp; the output projection, whose gradient
  // is the residual's.
  return 2 * projected + 2 * d + config_.heads + d + dropped;
}

Value Attention::step(Tape& tape, const Inputs& in, const CachedRows& cached) const {
  KvCache& cache = *cached.cache;
  const index_t B = in.q.shape()[0];
  Scratch scratch;
  index_t* lengths = scratch.take<index_t>(B);
  for (index_t b = 0; b < B; ++b) lengths[b] = cache.length(cached.first_row + b) + 1;
  const Value heads = tape.result(in.q.shape(), false);
  kernels::cached_attention({B, cache.capacity(), config_.heads, config_.kv_heads, config_.d_model / config_.heads},
                            in.q.data(), cache.keys(cached.layer, cached.first_row),
                            cache.values(cached.layer, cached.first_row), lengths,
                            in.terms.defined() ? in.terms.data() : nullptr, heads.data());
  return heads;
}

std::vector<real> Attention::scores(Tape& tape, Value x) const {
  const index_t B = x.shape()[0], T = x.shape()[1];
  const Inputs in = project(tape, x, T);
  std::vector<real> out(static_cast<std::size_t>(B * config_.heads * T * T));
  kernels::attention_scores({B, T, config_.heads, config_.kv_heads, config_.d_model / config_.heads, config_.causal},
                            in.q.data(), in.k.data(), in.terms.defined() ? in.terms.data() : nullptr, out.data());
  return out;
}

Block::Block(Parameters& parameters, const std::string& name, const BlockConfig& config)
    : ln1_(parameters, name + ".ln1", config.d_model),
      attention_(parameters, name + ".attn", config),
      ln2_(parameters, name + ".ln2", config.d_model),
      fc_in_(parameters, name + ".mlp.fc_in", config.d_model, 4 * config.d_model, config.init),
      fc_out_(parameters, name + ".mlp.fc_out", 4 * config.d_model, config.d_model, config.init),
      d_model_(config.d_model),
      dropout_(config.dropout),
      dropout_inside_(config.dropout_place == DropoutPlace::kMlp ? config.dropout : 0) {}

Value Block::forward(Tape& tape, Value x, const CachedRows* cached) const {
  x = attention_.forward(tape, ln1_.forward(tape, x), x, cached);
  const Value hidden = dropout(tape, gelu(tape, fc_in_.forward(tape, ln2_.forward(tape, x))), dropout_inside_);
  return fc_out_.forward_dropout(tape, hidden, x, dropout_);
}

index_t Block::activations() const {
  const index_t d = d_model_, norms = 2 * (2 * d + 2), mlp = 16 * d + d;
  const index_t dropped = (dropout_ > 0 ? 4 * d : 0) + (dropout_inside_ > 0 ? 8 * d : 0);
  return attention_.activations() + norms + mlp + dropped;
}

}  // namespace qkvbench::nn
