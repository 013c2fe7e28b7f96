// Heads put together from parts, and affine maps that each group of channels has of its own, on the tape.
// The arithmetic is in kernels/heads.
#pragma once
#include "qkvbench/autograd/tape.hpp"

namespace qkvbench {

/// y = for each head [its first `keep` channels of x ; shared].
/// x: [B, T, heads·width]; shared: [B, T, S]; y: [B, T, heads·(keep + S)].   Throws when the forms do not fit.
Value join_heads(Tape& tape, Value x, Value shared, index_t heads, index_t keep);

/// Group m of M maps its channels by a matrix of its own.
/// x: [..., M·I]; weight: M·I·O elements; bias: [M·O] or undefined; y: [..., M·O].
/// y_m = x_m W_mᵀ + bias_m with W_m: [O, I], or y_m = x_m W_m with W_m: [I, O] when `transposed`.
/// Throws when the sizes do not fit.
Value grouped_linear(Tape& tape, Value x, Value weight, Value bias, index_t M, bool transposed = false);

}  // namespace qkvbench
