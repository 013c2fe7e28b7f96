// Maps over elements on the tape.
// The arithmetic is in kernels/elementwise; here is what flows where.
#include "qkvbench/autograd/elementwise.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/elementwise.hpp"
#include "qkvbench/kernels/linear.hpp"

namespace qkvbench {

namespace {

/// y = f(x) with a slope that is kept for the backward pass, which is written over y's gradient.
Value map_with_slope(Tape& tape, Value x, void (*forward)(index_t, const real*, kernels::NumberStore, real*),
                     GeluUse use, const char* operation) {
  const PartTimer timer(Part::kElementwise);
  const index_t N = x.shape().elements();
  const Value y = tape.new_value(use.readers, x.shape(), x.needs_grad(), operation);
  real* slope = !y.needs_grad() ? nullptr : use.up_x ? x.node()->data : tape.arena().take<real>(N);
  forward(N, x.data(), y.store(), slope);

  tape.on_backward(y, [=, &tape] {
    kernels::gelu_backward(N, slope, y.node()->grad);
    tape.alias_grad(y, x);
  });
  return y;
}

}  // namespace

Value gelu(Tape& tape, Value x, GeluUse use) { return map_with_slope(tape, x, kernels::gelu_forward, use, "gelu"); }

Value gelu_tanh(Tape& tape, Value x, GeluUse use) {
  return map_with_slope(tape, x, kernels::gelu_tanh_forward, use, "gelu_tanh");
}

Value swiglu(Tape& tape, Value gate, Value x, ReadBy readers) {
  const PartTimer timer(Part::kElementwise);
  if (!(gate.shape() == x.shape()))
    fail_internal("swiglu: gate " + gate.shape().text() + " and x " + x.shape().text() + " differ");
  const index_t N = x.shape().elements();
  const Value y = tape.new_value(readers, x.shape(), gate.needs_grad() || x.needs_grad());
  kernels::swiglu_forward(N, gate.data(), x.data(), y.store());

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = x.needs_grad() ? tape.grad_slot(x) : GradientSlot{nullptr, false};
    real* dy = y.node()->grad;  // becomes the gate's gradient in place
    kernels::swiglu_backward(N, dy, gate.data(), x.data(), dy, false, dx.data, dx.accumulate);
    tape.alias_grad(y, gate);
  });
  return y;
}

Value scale_columns(Tape& tape, Value x, Value gain) {
  const PartTimer timer(Part::kElementwise);
  const index_t R = x.shape().rows(), C = x.shape().last();
  if (gain.shape().elements() != C)
    fail_internal("scale_columns: x " + x.shape().text() + " with gain " + gain.shape().text() + ": " +
                  std::to_string(C) + " elements are needed");
  const Value y = tape.new_value(x.shape(), x.needs_grad() || gain.needs_grad());
  kernels::scale_columns_forward(R, C, x.data(), gain.data(), y.data());

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = x.needs_grad() ? tape.grad_slot(x) : GradientSlot{nullptr, false};
    kernels::scale_columns_backward(R, C, y.grad(), x.data(), gain.data(), dx.data, dx.accumulate,
                                    gain.needs_grad() ? tape.accumulator(gain) : nullptr);
  });
  return y;
}

Value add(Tape& tape, Value a, Value b) {
  const PartTimer timer(Part::kElementwise);
  if (!(a.shape() == b.shape())) fail_internal("add: " + a.shape().text() + " and " + b.shape().text() + " differ");
  const index_t N = a.shape().elements();
  const Value y = tape.new_value(a.shape(), a.needs_grad() || b.needs_grad());
  kernels::add_forward(N, a.data(), b.data(), y.data());

  tape.on_backward(y, [=, &tape] {
    if (b.needs_grad()) {
      const GradientSlot db = tape.grad_slot(b);
      kernels::add_backward(N, y.grad(), db.data, db.accumulate);
    }
    tape.alias_grad(y, a);
  });
  return y;
}

Value dropout(Tape& tape, Value x, real p) {
  const PartTimer timer(Part::kElementwise);
  if (p == 0 || !tape.recording()) return x;
  const index_t N = x.shape().elements();
  const RandomStream random(tape.random().seed, Purpose::kDropout, tape.random().step);
  const std::uint64_t first = static_cast<std::uint64_t>(tape.next_dropout_site()) << 40;
  const Value y = tape.new_value(x.shape(), x.needs_grad());
  kernels::dropout(N, x.data(), p, random, first, y.data(), false);

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = tape.grad_slot(x);
    kernels::dropout(N, y.grad(), p, random, first, dx.data, dx.accumulate);
  });
  return y;
}

Value add_positions(Tape& tape, Value x, Value positions) {
  const PartTimer timer(Part::kElementwise);
  const index_t B = x.shape()[0], T = x.shape()[1], C = x.shape().last();
  if (x.shape().rank() != 3 || positions.shape().last() != C || positions.shape().rows() < T)
    fail_internal("add_positions: x " + x.shape().text() + " with positions " + positions.shape().text() + ": " +
                  std::to_string(T) + " rows of " + std::to_string(C) + " are needed");
  const Value y = tape.new_value(x.shape(), x.needs_grad() || positions.needs_grad());
  kernels::add_rows_forward(B, T * C, x.data(), positions.data(), y.data());

  tape.on_backward(y, [=, &tape] {
    if (positions.needs_grad()) kernels::column_sum(B, T * C, y.grad(), tape.accumulator(positions));
    tape.alias_grad(y, x);
  });
  return y;
}

}  // namespace qkvbench
