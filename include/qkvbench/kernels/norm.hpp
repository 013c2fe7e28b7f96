// Layer normalisation of rows, forward and backward.
// Not RMSNorm; the mean is subtracted and both scale and shift are learned.
#pragma once
#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

/// ε of every LayerNorm in the study.
inline constexpr real kLayerNormEps = static_cast<real>(1e-5);

/// y = (x - mean) · rstd · weight + bias, rstd = 1/√(variance + ε), biased variance.
/// x: [R, C]; weight, bias: [C]; y: [R, C], mean: [R], rstd: [R], all written.   Source: torch.nn.LayerNorm.
void layer_norm_forward(index_t R, index_t C, const real* x, const real* weight, const real* bias, real* y, real* mean,
                        real* rstd);

/// With x̂ = (x - mean)·rstd and g = dy·weight:
///   dx (+)= rstd · (g - mean(g) - x̂ · mean(g·x̂));  dweight += Σ_rows dy·x̂;  dbias += Σ_rows dy.
/// dx: [R, C], written, or accumulated when `accumulate`; dweight, dbias: [C], accumulated.
void layer_norm_backward(index_t R, index_t C, const real* dy, const real* x, const real* weight, const real* mean,
                         const real* rstd, real* dx, bool accumulate, real* dweight, real* dbias);

}  // namespace qkvbench::kernels
