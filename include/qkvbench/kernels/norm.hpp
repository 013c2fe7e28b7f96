// Normalisation of rows, forward and backward: LayerNorm and RMSNorm.
// What a row is - a position, one of its heads, one latent - is the caller's.
#pragma once
#include "qkvbench/kernels/number_format.hpp"

namespace qkvbench::kernels {

/// y = (x - mean) · rstd · weight (+ bias), rstd = 1/√(variance + eps), biased variance.
/// x: [R, C]; weight: [C]; bias: [C] or null; y: [R, C], mean: [R], rstd: [R], all written.
/// Source: torch.nn.LayerNorm.
void layer_norm_forward(index_t R, index_t C, real eps, const real* x, const real* weight, const real* bias,
                        NumberStore y, real* mean, real* rstd);

/// With x̂ = (x - mean)·rstd and g = dy·weight:
///   dx (+)= rstd · (g - mean(g) - x̂ · mean(g·x̂));  dweight += Σ_rows dy·x̂;  dbias += Σ_rows dy.
/// dx: [R, C], written, or accumulated when `accumulate`; dweight: [C], dbias: [C] or null, accumulated.
void layer_norm_backward(index_t R, index_t C, const real* dy, const real* x, const real* weight, const real* mean,
                         const real* rstd, real* dx, bool accumulate, real* dweight, real* dbias);

/// y = x · rstd (· weight), rstd = 1/√(mean(x²) + eps). Row r has the weights r mod `groups`.
/// x: [R, C]; weight: [groups, C] or null; y: [R, C], rstd: [R], both written.
/// Source: Zhang and Sennrich, "Root mean square layer normalization", 2019.
void rms_norm_forward(index_t R, index_t C, index_t groups, real eps, const real* x, const real* weight, NumberStore y,
                      real* rstd);

/// With x̂ = x·rstd and g = dy·weight:  dx (+)= rstd · (g - x̂ · mean(g·x̂));  dweight += Σ_rows dy·x̂.
/// dx: [R, C], written, or accumulated when `accumulate`; dweight: [groups, C], accumulated, or null as weight.
void rms_norm_backward(index_t R, index_t C, index_t groups, const real* dy, const real* x, const real* weight,
                       const real* rstd, real* dx, bool accumulate, real* dweight);

}  // namespace qkvbench::kernels
