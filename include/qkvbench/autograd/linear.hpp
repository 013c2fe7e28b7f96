// Affine maps on the tape.
// The kernels are in kernels/linear; here is what flows where.
#pragma once
#include "qkvbench/autograd/tape.hpp"

namespace qkvbench {

/// y = x weightᵀ (+ bias) (+ residual), over the last size of x.
/// x: [..., I]; weight: [O, I], which may be narrow; bias: [O] or undefined; residual: [..., O] or undefined;
/// y: [..., O].
/// Throws when the inner sizes, the bias or the residual do not fit.
Value linear(Tape& tape, Value x, Value weight, Value bias = {}, Value residual = {});

}  // namespace qkvbench
