// Layer normalisation on the tape; mean and 1/deviation of each row are kept for the way back.
// The arithmetic is in kernels/norm.
#include "qkvbench/autograd/norm.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/norm.hpp"

namespace qkvbench {

Value layer_norm(Tape& tape, Value x, Value weight, Value bias) {
  const PartTimer timer(Part::kElementwise);
  const index_t R = x.shape().rows(), C = x.shape().last();
  if (weight.shape().elements() != C || bias.shape().elements() != C)
    fail_internal("layer_norm: x " + x.shape().text() + " with weight " + weight.shape().text() + " and bias " +
                  bias.shape().text() + ": both need " + std::to_string(C) + " elements");
  const Value y = tape.result(x.shape(), x.needs_grad() || weight.needs_grad() || bias.needs_grad());
  real* mean = tape.arena().take<real>(R);
  real* rstd = tape.arena().take<real>(R);
  kernels::layer_norm_forward(R, C, x.data(), weight.data(), bias.data(), y.data(), mean, rstd);

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = tape.slot(x);
    kernels::layer_norm_backward(R, C, y.grad(), x.data(), weight.data(), mean, rstd, dx.data, dx.accumulate,
                                 tape.accumulator(weight), tape.accumulator(bias));
  });
  return y;
}

}  // namespace qkvbench
