// Heads from parts and grouped affine maps on the tape.
// The arithmetic is in kernels/heads; here is what flows where.
#include "qkvbench/autograd/heads.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/heads.hpp"

namespace qkvbench {

Value join_heads(Tape& tape, Value x, Value shared, index_t heads, index_t keep) {
  const PartTimer timer(Part::kElementwise);
  const index_t R = x.shape().rows(), width = x.shape().last() / heads, S = shared.shape().last();
  if (x.shape().rank() != 3 || x.shape().last() % heads != 0 || keep > width || shared.shape().rows() != R)
    fail_internal("join_heads: x " + x.shape().text() + " of " + std::to_string(heads) + " heads, of which " +
                  std::to_string(keep) + " channels, with shared " + shared.shape().text() + " do not fit");
  const Value y =
      tape.new_value({x.shape()[0], x.shape()[1], heads * (keep + S)}, x.needs_grad() || shared.needs_grad());
  kernels::join_heads_forward(R, heads, width, keep, S, x.data(), shared.data(), y.data());

  tape.on_backward(y, [=, &tape] {
    kernels::join_heads_backward(R, heads, width, keep, S, y.grad(), x.needs_grad() ? tape.accumulator(x) : nullptr,
                                 shared.needs_grad() ? tape.accumulator(shared) : nullptr);
  });
  return y;
}

Value grouped_linear(Tape& tape, Value x, Value weight, Value bias, index_t M, bool transposed) {
  const PartTimer timer(Part::kMatmul);
  const index_t R = x.shape().rows(), I = x.shape().last() / M, O = weight.shape().elements() / (M * I);
  if (x.shape().last() != M * I || weight.shape().elements() != M * I * O ||
      (bias.defined() && bias.shape().elements() != M * O))
    fail_internal("grouped_linear: x " + x.shape().text() + " in " + std::to_string(M) + " groups with weight " +
                  weight.shape().text() + (bias.defined() ? " and bias " + bias.shape().text() : "") + " do not fit");
  Shape shape;
  for (int i = 0; i + 1 < x.shape().rank(); ++i) shape.push_back(x.shape()[i]);
  shape.push_back(M * O);
  const kernels::GroupedSize size{R, M, I, O, transposed, tape.operands()};
  const Value y = tape.new_value(shape, x.needs_grad() || weight.needs_grad() || bias.needs_grad());
  kernels::grouped_linear_forward(size, x.data(), weight.rows(), bias.defined() ? bias.data() : nullptr, y.data());

  tape.on_backward(y, [=, &tape] {
    if (x.needs_grad()) {
      const GradientSlot dx = tape.grad_slot(x);
      kernels::grouped_linear_backward_input(size, y.grad(), weight.data(), dx.data, dx.accumulate);
    }
    if (weight.needs_grad())
      kernels::grouped_linear_backward_weight(size, y.grad(), x.data(), tape.accumulator(weight),
                                              bias.needs_grad() ? tape.accumulator(bias) : nullptr);
  });
  return y;
}

}  // namespace qkvbench
