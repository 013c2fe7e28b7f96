// Trading time for memory: a part of a model whose inside is not kept and runs a second time on the backward pass.
// Changes no bit of any result; not a policy of which parts to treat so.
#pragma once
#include <cstring>

#include "qkvbench/autograd/tape.hpp"
#include "qkvbench/base/error.hpp"

namespace qkvbench {

/// y = f(x), f: Value(Tape&, Value), the result shaped like x. On a tape that does not record, f's inside is given
/// back at once.   x, y: any shape, the same; f must be trivially destructible and compute the same whenever it runs.
/// Source: Chen et al., "Training deep nets with sublinear memory cost", 2016.
template <class F>
Value recompute(Tape& tape, Value x, F f) {
  const Value y = tape.new_value(x.shape(), true, "recompute");  // known by it to those who watch
  const std::uint32_t site = tape.dropout_site();
  tape.run_and_forget([&] {
    const Value inside = f(tape, x);
    if (!(inside.shape() == x.shape()))
      fail_internal("recompute: x " + x.shape().text() + " became " + inside.shape().text() +
                    "; it must keep its shape");
    std::memcpy(y.data(), inside.data(), static_cast<std::size_t>(x.shape().elements()) * sizeof(real));
  });

  tape.on_backward(y, [=, &tape] {
    real* dx = tape.accumulator(x);  // before the second run, so that it outlives it
    tape.run_and_walk_back(site, [&] {
      const Value inside = f(tape, tape.parameter(x.shape(), x.data(), dx));
      inside.node()->grad = y.node()->grad;
    });
  });
  return y;
}

}  // namespace qkvbench
