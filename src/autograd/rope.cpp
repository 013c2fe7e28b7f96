// Rotary positions on the tape.
// The backward pass turns the gradient the other way; nothing is kept for it.
#include "qkvbench/autograd/rope.hpp"

#include "qkvbench/base/error.hpp"

namespace qkvbench {

Value rope(Tape& tape, Value x, const Rotation& rotation, int direction) {
  const PartTimer timer(Part::kElementwise);
  const kernels::RopeSize size = rotation.size;
  if (x.shape().rank() != 3 || x.shape()[2] % size.width != 0)
    fail_internal("rope: x " + x.shape().text() + " is not [B, T, heads of " + std::to_string(size.width) + "]");
  const index_t B = x.shape()[0], T = x.shape()[1], heads = x.shape()[2] / size.width;
  const real* table = rotation.table;
  const index_t* starts = rotation.starts;
  const Value y = tape.new_value(x.shape(), x.needs_grad());
  kernels::rope(B, T, heads, size, table, starts, direction, x.data(), y.data(), false);

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = tape.grad_slot(x);
    kernels::rope(B, T, heads, size, table, starts, -direction, y.grad(), dx.data, dx.accumulate);
  });
  return y;
}

}  // namespace qkvbench
