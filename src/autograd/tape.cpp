// Nodes, gradient buffers and the walk backward.
// Knows no operation.
#include "qkvbench/autograd/tape.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/elementwise.hpp"

namespace qkvbench {

Node* Tape::new_node(const Shape& shape, bool needs_grad) {
  Node* node = new (arena_.take_bytes(sizeof(Node))) Node{};
  node->shape = shape;
  node->needs_grad = needs_grad && recording_;
  return node;
}

void Tape::reset(RandomContext random) {
  arena_.reset();
  last_ = nullptr;
  places_ = 0;
  random_ = random;
  dropout_site_ = random.first_dropout_site;
}

Value Tape::constant(const Shape& shape, const real* data) {
  Node* node = new_node(shape, false);
  node->data = const_cast<real*>(data);
  return Value(node);
}

Value Tape::parameter(const Shape& shape, real* data, real* grad) {
  Node* node = new_node(shape, true);
  node->data = data;
  node->grad = grad;
  node->place = places_;
  if (watch_) watch_->on_parameter(*node);
  return Value(node);
}

Value Tape::narrow_parameter(const Shape& shape, kernels::NumberFormat format, const std::byte* rows) {
  Node* node = new_node(shape, false);
  node->narrow = const_cast<std::byte*>(rows);
  node->format = format;
  return Value(node);
}

Value Tape::new_value(const Shape& shape, bool needs_grad, const char* operation) {
  return new_value(ReadBy::kAll, shape, needs_grad, operation);
}

Value Tape::new_value(ReadBy readers, const Shape& shape, bool needs_grad, const char* operation) {
  Node* node = new_node(shape, needs_grad);
  if (readers == ReadBy::kProducts && recording_) node->format = operands_;
  if (node->format == kernels::NumberFormat::kFp32)
    node->data = arena_.take<real>(shape.elements());
  else
    node->narrow = arena_.take<std::byte>(shape.rows() * kernels::row_bytes(node->format, shape.last()));
  node->operation = operation;
  if (watch_) watch_->on_result(*node);
  return Value(node);
}

Value Tape::reshape(Value x, const Shape& shape) {
  if (shape.elements() != x.shape().elements())
    fail_internal("reshape: " + x.shape().text() + " to " + shape.text() + ": the numbers of elements differ");
  Node* node = new_node(shape, x.needs_grad());
  node->data = x.data();
  const Value out(node);
  on_backward(out, [this, out, x] { alias_grad(out, x); });
  return out;
}

GradientSlot Tape::grad_slot(Value x) {
  Node* node = x.node();
  const bool present = node->grad != nullptr;
  if (!present) node->grad = arena_.take<real>(node->shape.elements());
  return {node->grad, present};
}

real* Tape::accumulator(Value x) {
  const GradientSlot s = grad_slot(x);
  if (!s.accumulate) kernels::zero(x.shape().elements(), s.data);
  return s.data;
}

void Tape::alias_grad(Value from, Value to) {
  if (!to.needs_grad()) return;
  if (to.grad() == nullptr)
    to.node()->grad = from.node()->grad;
  else
    kernels::add_backward(to.shape().elements(), from.grad(), to.node()->grad, true);
}

void Tape::backward(Value loss, real seed) {
  if (loss.shape().elements() != 1)
    fail_internal("backward: the loss has shape " + loss.shape().text() + "; it must be a single number");
  *grad_slot(loss).data = seed;
  walk_back();
}

void Tape::walk_back() {
  for (Node* node = last_; node != nullptr; node = node->previous) {
    if (node->grad == nullptr) continue;
    const PartTimer timer(node->part);
    if (watch_) watch_->on_backward(*node);
    node->backward(node->closure);
  }
}

}  // namespace qkvbench
