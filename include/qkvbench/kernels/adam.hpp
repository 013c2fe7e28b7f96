// One step of Adam over a flat array, and the sum of squares that gradient clipping needs.
// Knows nothing of parameters or schedules.
#pragma once
#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

/// Numbers of one step. `lr` is the scheduled rate; `step` counts from 1.
struct AdamStep {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;  ///< AdamW: x -= lr·weight_decay·x before the step; otherwise weight_decay·x joins the gradient
  index_t step;
  double gradient_scale;  ///< the clipping factor
};

/// With g = gradient_scale·dx (+ weight_decay·x): m = β₁m + (1-β₁)g, v = β₂v + (1-β₂)g²,
/// x -= lr/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε).   x, m, v: [N], updated; dx: [N], read and then set to zero.
/// Returns whether all x are finite then.   Source: torch.optim.Adam and AdamW.
bool adam_step(index_t N, const AdamStep& s, real* x, real* dx, real* m, real* v);

/// Elements of a block whose squares are added up apart.
inline constexpr index_t kSquaresBlock = 16384;
/// Σ x² of each block, in double precision.   x: [N]; sums: one for each block, written.
void squares_of_blocks(index_t N, const real* x, double* sums);

}  // namespace qkvbench::kernels
