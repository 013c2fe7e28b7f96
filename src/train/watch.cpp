// Where a number stops being finite.
// Slow, and only run once something has gone wrong.
#include "qkvbench/train/watch.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace qkvbench::train {

namespace {

bool all_finite(const real* x, index_t n) {
  return std::all_of(x, x + n, [](real value) { return std::isfinite(value); });
}

bool all_finite(const Node& node) {
  if (!node.narrow) return all_finite(node.data, node.shape.elements());
  std::vector<real> wide(static_cast<std::size_t>(node.shape.elements()));
  kernels::widen_rows({node.narrow, node.shape.last(), node.format}, node.shape.rows(), wide.data());
  return all_finite(wide.data(), node.shape.elements());
}

/// "blocks.0.mlp.fc_in" of "blocks.0.mlp.fc_in.weight"
std::string module_of(const std::string& parameter) { return parameter.substr(0, parameter.rfind('.')); }

}  // namespace

void FiniteObserver::on_parameter(const Node& node) {
  for (const nn::Parameter& p : parameters_.all())
    if (p.value == node.data) {
      place_ = module_of(p.name);
      fresh_ = true;
    }
}

void FiniteObserver::on_result(const Node& node) {
  check();
  names_[&node] = std::string(node.operation) + (place_.empty() ? "" : (fresh_ ? " (" : " (after ") + place_ + ")");
  fresh_ = false;
  // What is recomputed is filled by the operations inside; they are looked at instead.
  pending_ = std::strcmp(node.operation, "recompute") == 0 ? nullptr : &node;
}

void FiniteObserver::check() {
  const Node* node = pending_;
  pending_ = nullptr;
  if (node && !all_finite(*node)) throw NotFinite{"the output of " + names_[node]};
}

void FiniteObserver::on_backward(const Node& node) {
  check();
  if (!all_finite(node.grad, node.shape.elements())) throw NotFinite{"the gradient of the output of " + names_[&node]};
}

std::string parameter_not_finite(const nn::Parameters& parameters) {
  for (const nn::Parameter& p : parameters.all())
    if (!all_finite(p.value, p.shape.elements())) return p.name;
  return "";
}

std::string gradient_not_finite(const nn::Parameters& parameters) {
  std::string name;
  for (const nn::Parameter& p : parameters.all())
    if (!all_finite(p.grad, p.shape.elements())) name = p.name;
  return name;
}

}  // namespace qkvbench::train
