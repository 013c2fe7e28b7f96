// Attention on the tape: one operation for every way of sharing projections and heads.
// Which projection feeds q, k and v is not decided here; the caller passes the same value twice or thrice.
#pragma once
#include "qkvbench/autograd/tape.hpp"

namespace qkvbench {

/// How the heads are laid out. `kv_heads` divides `heads`.
struct HeadLayout {
  index_t heads, kv_heads;
  bool causal;
};

/// o = softmax(σ·α·q kᵀ + row + column)·v for each head, α = 1/√(head size).
/// q, o: [B, T, C]; k, v: [B, T, C·kv_heads/heads]; terms: [1 + 2T] (σ, row, column) or undefined.
/// q, k and v may be one value: its gradient is then the sum of what flows to each place.
/// Throws when shapes do not fit, or when q is also k or v while heads are shared.
Value attention(Tape& tape, Value q, Value k, Value v, const HeadLayout& layout, Value terms = {});

/// terms of the 2D positional term S′ = S·Σw + P·w + b for T positions.
/// w: [m]; b: [1]; table: [T, m] of kernels::position_table, kept by the caller; result: [1 + 2T].
Value position_terms(Tape& tape, Value w, Value b, const real* table, index_t T);

}  // namespace qkvbench
