// Normalisation on the tape; the statistics of each row are kept for the backward pass.
// The arithmetic is in kernels/norm.
#include "qkvbench/autograd/norm.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/norm.hpp"

namespace qkvbench {

Value layer_norm(Tape& tape, Value x, Value weight, Value bias, real eps, ReadBy readers) {
  const PartTimer timer(Part::kElementwise);
  const index_t R = x.shape().rows(), C = x.shape().last();
  if (weight.shape().elements() != C || (bias.defined() && bias.shape().elements() != C))
    fail_internal("layer_norm: x " + x.shape().text() + " with weight " + weight.shape().text() +
                  (bias.defined() ? " and bias " + bias.shape().text() : "") + ": " + std::to_string(C) +
                  " elements are needed");
  const Value y = tape.new_value(readers, x.shape(), x.needs_grad() || weight.needs_grad() || bias.needs_grad());
  real* mean = tape.arena().take<real>(R);
  real* rstd = tape.arena().take<real>(R);
  kernels::layer_norm_forward(R, C, eps, x.data(), weight.data(), bias.defined() ? bias.data() : nullptr, y.store(),
                              mean, rstd);

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = tape.grad_slot(x);
    kernels::layer_norm_backward(R, C, y.grad(), x.data(), weight.data(), mean, rstd, dx.data, dx.accumulate,
                                 tape.accumulator(weight), bias.defined() ? tape.accumulator(bias) : nullptr);
  });
  return y;
}

Value rms_norm(Tape& tape, Value x, Value weight, real eps, ReadBy readers) {
  const PartTimer timer(Part::kElementwise);
  const index_t R = x.shape().rows(), C = x.shape().last();
  const index_t weights = weight.defined() ? weight.shape().elements() : C, groups = weights / C;
  if (weights != C && (x.shape().rank() < 2 || weights != x.shape()[-2] * C))
    fail_internal("rms_norm: x " + x.shape().text() + " with weight " + weight.shape().text() + ": " +
                  std::to_string(C) + " elements are needed, or as many for each row of the last two sizes");
  const Value y = tape.new_value(readers, x.shape(), x.needs_grad() || weight.needs_grad());
  real* rstd = tape.arena().take<real>(R);
  const real* w = weight.defined() ? weight.data() : nullptr;
  kernels::rms_norm_forward(R, C, groups, eps, x.data(), w, y.store(), rstd);

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = tape.grad_slot(x);
    kernels::rms_norm_backward(R, C, groups, y.grad(), x.data(), w, rstd, dx.data, dx.accumulate,
                               weight.needs_grad() ? tape.accumulator(weight) : nullptr);
  });
  return y;
}

}  // namespace qkvbench
