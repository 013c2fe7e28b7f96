// Affine maps on the tape.
// The residual's gradient is the output's: it is handed over instead of copied.
#include "qkvbench/autograd/linear.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/linear.hpp"

namespace qkvbench {

namespace {

// Beyond so many rows a product on packed weights is faster.
constexpr index_t kMostStepRows = 8;

void check(const Value& x, const Value& weight, const Value& bias, const Value& residual) {
  // Put together only when it is needed: a step allocates nothing.
  const auto what = [&] { return "linear: x " + x.shape().text() + " with weight " + weight.shape().text() + ": "; };
  if (weight.shape().rank() != 2) fail_internal(what() + "a weight has two sizes, [out, in]");
  if (x.shape().last() != weight.shape()[1])
    fail_internal(what() + "inner sizes " + std::to_string(x.shape().last()) + " and " +
                  std::to_string(weight.shape()[1]) + " differ");
  if (bias.defined() && bias.shape().elements() != weight.shape()[0])
    fail_internal(what() + "the bias " + bias.shape().text() + " does not have the output's size");
  if (residual.defined() && residual.shape().elements() != x.shape().rows() * weight.shape()[0])
    fail_internal(what() + "the residual " + residual.shape().text() + " does not have the output's size");
}

Shape with_last(const Shape& shape, index_t last) {
  Shape out;
  for (int i = 0; i + 1 < shape.rank(); ++i) out.push_back(shape[i]);
  out.push_back(last);
  return out;
}

}  // namespace

Value linear(Tape& tape, Value x, Value weight, Value bias, Value residual) {
  const PartTimer timer(Part::kMatmul);
  check(x, weight, bias, residual);
  const index_t R = x.shape().rows(), I = weight.shape()[1], O = weight.shape()[0];
  const Value y = tape.new_value(with_last(x.shape(), O),
                                 x.needs_grad() || weight.needs_grad() || bias.needs_grad() || residual.needs_grad());
  // One position of each of a few rows, and no backward pass: a step of decoding.
  const bool step = !tape.recording() && x.shape().rank() == 3 && x.shape()[1] == 1 && R <= kMostStepRows;
  const real* const plus_bias = bias.defined() ? bias.data() : nullptr;
  const real* const plus_residual = residual.defined() ? residual.data() : nullptr;
  if (step)
    kernels::linear_decode_forward(R, I, O, x.data(), weight.rows(), plus_bias, plus_residual, y.data());
  else
    kernels::linear_forward(R, I, O, x.rows(), weight.rows(), plus_bias, plus_residual, y.data(), tape.operands());

  tape.on_backward(y, [=, &tape] {
    const real* dy = y.grad();
    if (x.needs_grad()) {
      const GradientSlot dx = tape.grad_slot(x);
      kernels::linear_backward_input(R, I, O, dy, weight.data(), dx.data, dx.accumulate, tape.operands());
    }
    if (weight.needs_grad())
      kernels::linear_backward_weight(R, I, O, dy, x.rows(), tape.accumulator(weight),
                                      bias.needs_grad() ? tape.accumulator(bias) : nullptr, tape.operands());
    else if (bias.needs_grad())
      kernels::column_sum(R, O, dy, tape.accumulator(bias));
    if (residual.needs_grad()) tape.alias_grad(y, residual);
  });
  return y;
}

}  // namespace qkvbench
