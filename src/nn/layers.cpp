// Forward passes of the parts of a block.
// Gradients follow from the operations; nothing is written backward by hand here.
#include "qkvbench/nn/layers.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/autograd/norm.hpp"

namespace qkvbench::nn {

Init weight_init(InitScheme scheme, index_t fan_in) {
  return scheme == InitScheme::kGpt2 ? Init::normal(kGpt2Deviation)
                                     : Init::uniform(1 / std::sqrt(static_cast<double>(fan_in)));
}

namespace {

Init bias_init(InitScheme scheme, index_t fan_in) {
  return scheme == InitScheme::kGpt2 ? Init::zeros() : Init::uniform(1 / std::sqrt(static_cast<double>(fan_in)));
}

}  // namespace

PositionRows::PositionRows(index_t columns, std::function<void(index_t, real*)> fill)
    : columns_(columns), fill_(std::move(fill)) {}

const real* PositionRows::first(index_t n) const {
  const std::lock_guard lock(making_);
  const auto numbers = static_cast<std::size_t>(n * columns_);
  if (made_.empty() || made_.back().size() < numbers) {
    const std::size_t size = made_.empty() ? numbers : std::max(numbers, 2 * made_.back().size());
    made_.emplace_back(size);
    fill_(static_cast<index_t>(size) / columns_, made_.back().data());
  }
  return made_.back().data();
}

Linear::Linear(Parameters& parameters, const std::string& name, index_t in, index_t out, InitScheme init, bool bias)
    : weight_(&parameters.declare(name + ".weight", {out, in}, weight_init(init, in), true)) {
  if (bias) bias_ = &parameters.declare(name + ".bias", {out}, bias_init(init, in));
}

Value Linear::forward(Tape& tape, Value x, Value residual) const {
  return linear(tape, x, weight(tape), bias(tape), residual);
}

Value Linear::forward_dropout(Tape& tape, Value x, Value residual, real p) const {
  // Without dropout the sum is part of the product's store.
  if (p == 0 || !tape.recording()) return forward(tape, x, residual);
  return add(tape, residual, dropout(tape, forward(tape, x), p));
}

Norm::Norm(Parameters& parameters, const std::string& name, const BlockSpec& spec)
    : weight_(&parameters.declare(name + ".weight", {spec.d_model}, Init::ones())),
      eps_(static_cast<real>(spec.norm_eps)),
      rms_(spec.norm == "rmsnorm") {
  if (!rms_ && spec.bias) bias_ = &parameters.declare(name + ".bias", {spec.d_model}, Init::zeros());
}

Value Norm::forward(Tape& tape, Value x, ReadBy readers) const {
  if (rms_) return rms_norm(tape, x, weight_->on(tape), eps_, readers);
  return layer_norm(tape, x, weight_->on(tape), bias_ ? bias_->on(tape) : Value(), eps_, readers);
}

index_t Norm::activations() const { return 2 * weight_->shape.elements() + (rms_ ? 1 : 2); }

Mlp::Mlp(Parameters& parameters, const std::string& name, const BlockConfig& c)
    : activation_(c.mlp == "gelu_tanh" ? gelu_tanh : gelu),
      fc_in_(parameters, name + ".fc_in", c.d_model, c.inner_width(), c.init, c.bias),
      fc_out_(parameters, name + ".fc_out", c.inner_width(), c.d_model, c.init, c.bias),
      dropout_(static_cast<real>(c.dropout)),
      dropout_inside_(c.dropout_place == DropoutPlace::kMlp ? static_cast<real>(c.dropout) : 0) {
  if (c.mlp == "swiglu") gate_.emplace(parameters, name + ".gate", c.d_model, c.inner_width(), c.init, c.bias);
}

Value Mlp::forward(Tape& tape, Value x, Value residual) const {
  const Value inner = fc_in_.forward(tape, x);
  const ReadBy readers = dropout_inside_ > 0 ? ReadBy::kAll : ReadBy::kProducts;
  const Value active = gate_ ? swiglu(tape, gate_->forward(tape, x), inner, readers)
                             : activation_(tape, inner, {.up_x = true, .readers = readers});
  return fc_out_.forward_dropout(tape, dropout(tape, active, dropout_inside_), residual, dropout_);
}

index_t Mlp::activations() const {
  const index_t F = fc_in_.out_features(), d = fc_out_.out_features();
  const index_t dropped = (dropout_ > 0 ? 4 * d : 0) + (dropout_inside_ > 0 ? 2 * F : 0);
  // Inner values, whose place GELU's slope takes, the activation and its gradient, which becomes that of what it came
  // from; or the gate and a second gradient too. Of the output only the values: its gradient is the residual's.
  return (gate_ ? 5 : 3) * F + d + dropped;
}

index_t Mlp::operands() const { return dropout_inside_ > 0 ? 0 : fc_in_.out_features(); }

}  // namespace qkvbench::nn
