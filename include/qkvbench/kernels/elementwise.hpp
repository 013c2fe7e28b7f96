// Maps over elements: exact GELU, sums of arrays, dropout.
// Each is a forward/backward pair over N numbers; shapes do not matter here.
#pragma once
#include <cstdint>

#include "qkvbench/base/random.hpp"
#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

/// y = x·Φ(x), Φ the normal distribution function ("exact" GELU); slope = Φ(x) + x·φ(x), which costs next to nothing
/// beside y and most of a second evaluation on the way back.   x, y, slope: [N]; y and, where it is not null, slope
/// written.   Source: torch.nn.GELU(approximate="none").
void gelu_forward(index_t N, const real* x, real* y, real* slope);

/// d = d·slope: dy becomes dx.   slope, d: [N]; d updated.
void gelu_backward(index_t N, const real* slope, real* d);

/// y = 0.   y: [N], written.
void zero(index_t N, real* y);

/// y = a + b.   a, b, y: [N]; y written.
void add_forward(index_t N, const real* a, const real* b, real* y);

/// dx (+)= dy.   dx: [N], written, or accumulated when `accumulate`.
void add_backward(index_t N, const real* dy, real* dx, bool accumulate);

/// y[b, t, c] = x[b, t, c] + table[t, c].   x, y: [B, P]; table: [P], P = T·C; y written.
void add_rows_forward(index_t B, index_t P, const real* x, const real* table, real* y);

/// y = x / (1 - p) where element i is kept, else 0; element i is kept when the 32 random bits at first + i
/// are at least p·2³². The mask is drawn again in the backward pass: dx = dropout of dy with the same arguments.
/// x, y: [N]; y written, or accumulated when `accumulate`; 0 <= p < 1; first a multiple of 4.
void dropout(index_t N, const real* x, real p, const RandomStream& random, std::uint64_t first, real* y,
             bool accumulate);

}  // namespace qkvbench::kernels
