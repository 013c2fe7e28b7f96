// Attention on the tape: one operation for every way of sharing projections and heads.
// Which projection feeds q, k and v is not decided here; the caller passes the same value twice or thrice.
#pragma once
#include "qkvbench/autograd/tape.hpp"
#include "qkvbench/kernels/attention.hpp"

namespace qkvbench {

/// How the heads are laid out. `kv_heads` divides `heads`.
struct HeadLayout {
  index_t heads, kv_heads;
  bool causal;
  real scale = 0;  ///< α; 0: 1/√(width of a key head)
};

/// o = softmax(σ·α·q kᵀ + row + column)·v for each head.
/// With key heads D and value heads F wide: q: [B, T, H·D]; k: [B, T, G·D]; v: [B, T, G·F]; o: [B, T, H·F];
/// terms: [1 + 2T] (σ, row, column), [4T] with a part that goes by j - i, or undefined.
/// q, k and v may be one value: its gradient is then the sum of what flows to each place.
/// Throws when shapes do not fit, or when q is also k or v while heads are shared.
Value attention(Tape& tape, Value q, Value k, Value v, const HeadLayout& layout, Value terms = {});

/// terms of the positional term, as kernels::position_bias_forward has them, for T positions.
/// w: [m]; b: [1]; table: [T, m] as the form asks for, kept by the caller; result: [1 + 2T], of kRelative [4T].
Value position_bias(Tape& tape, Value w, Value b, const real* table, index_t T,
                    kernels::PlusForm form = kernels::PlusForm::k2d);

}  // namespace qkvbench
