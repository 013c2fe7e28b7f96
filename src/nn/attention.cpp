// What all kinds of attention have in common: the scores' term, the pass over whole sequences, the step over a cache.
// How q, k and v are made, each kind's own file says.
#include "qkvbench/nn/attention.hpp"

#include <algorithm>
#include <string_view>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/attention.hpp"

namespace qkvbench::nn {

Attention::Attention(const std::string& name, const BlockConfig& config, Widths widths)
    : config_(config),
      name_(name),
      scale_(config.attn_scale > 0 ? static_cast<real>(config.attn_scale) : kernels::default_scale(widths.key)),
      kv_heads_(widths.kv_heads),
      key_width_(widths.key),
      value_width_(widths.value),
      dropout_(config.dropout_place == DropoutPlace::kResidual ? static_cast<real>(config.dropout) : 0) {}

Linear Attention::projection(Parameters& parameters, const std::string& suffix, index_t in, index_t out) const {
  return {parameters, name_ + "." + suffix, in, out, config_.init, config_.bias};
}

void Attention::declare_output(Parameters& parameters) {
  out_.emplace(projection(parameters, "c_proj", config_.heads * value_width_, config_.d_model));
  if (!config_.variant.plus) return;
  pos_w_ = &parameters.declare(name_ + ".pos_w", {config_.pos_dim}, Init::normal(0.02));
  pos_b_ = &parameters.declare(name_ + ".pos_b", {1}, Init::zeros());
}

Value Attention::forward(Tape& tape, Value x, Value residual, const CachedRows* cached) const {
  Place place{x.shape()[0], x.shape()[1], cached, nullptr};
  if (cached) {
    place.starts = cached->cache->lengths(cached->first_row);
    if (place.T > 1 && (place.B != 1 || *place.starts > 0))
      fail_internal("attention: x " + x.shape().text() +
                    ": a cache takes one position of each row, or the first positions of one empty row");
  }
  tape.tell(name_.c_str(), "x", x);
  const Value sum = out_->forward_dropout(tape, heads(tape, x, place), residual, dropout_);
  tape.tell(name_.c_str(), "residual", residual);
  tape.tell(name_.c_str(), "sum", sum);
  return sum;
}

kernels::PlusForm Attention::plus_form() const {
  return static_cast<kernels::PlusForm>(std::ranges::find(kPlusForms, config_.plus) - kPlusForms.begin());
}

Value Attention::terms(Tape& tape, const Place& place) const {
  if (!pos_w_) return {};
  const index_t n = place.positions();
  return position_bias(tape, pos_w_->on(tape), pos_b_->on(tape), config_.position_rows->first(n), n, plus_form());
}

Value Attention::attend(Tape& tape, Value q, Value k, Value v, const Place& place) const {
  const Value term = terms(tape, place);
  tape.tell(name_.c_str(), "q", q);
  tape.tell(name_.c_str(), "k", k);
  tape.tell(name_.c_str(), "v", v);
  tape.tell(name_.c_str(), "terms", term);
  return attention(tape, q, k, v, layout(), term);
}

Value Attention::attend_cached(Tape& tape, Value q, const kernels::CachedArrays& arrays, const Place& place,
                               const kernels::CachedAttentionSize& size) const {
  const Value term = terms(tape, place);
  Scratch scratch;
  index_t* lengths = scratch.take<index_t>(place.B);
  for (index_t b = 0; b < place.B; ++b) lengths[b] = place.starts[b] + 1;
  const Value o = tape.new_value({place.B, 1, size.H * size.F}, false);
  kernels::CachedAttentionSize sized = size;
  sized.relative = config_.plus == "relative" && term.defined();
  kernels::decode_attention(sized, q.data(), arrays, lengths, term.defined() ? term.data() : nullptr, o.data());
  return o;
}

void Attention::append(const Place& place, index_t tensor, Value x) const {
  const CachedRows& rows = *place.cached;
  rows.cache->append(rows.layer, tensor, rows.first_row, place.B, place.T, x.data());
}

kernels::Rows Attention::cached(const Place& place, index_t tensor) const {
  return place.cached->cache->at(place.cached->layer, tensor, place.cached->first_row);
}

kernels::RopeSize Attention::rope_size(index_t width) const {
  const index_t span = config_.rope_span();
  return {width, width - span, span, config_.rope_pairs(), config_.rope_style == "interleaved"};
}

Rotation Attention::rotation(const Place& place, index_t width) const {
  return {rope_size(width), config_.rope_rows->first(place.positions()), place.starts};
}

index_t Attention::activations() const {
  const index_t d = config_.d_model, out = config_.heads * value_width_, dropped = dropout_ > 0 ? 4 * d : 0;
  // The heads' output, its gradient and log-sum-exp; the output projection, whose gradient is the residual's.
  return activations_inside() + 2 * out + config_.heads + d + dropped;
}

}  // namespace qkvbench::nn
