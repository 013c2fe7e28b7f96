// Maps over elements: GELU in its two forms, the gate of SwiGLU, sums and products of arrays, dropout.
// Each is a forward/backward pair over N numbers; shapes do not matter here.
#pragma once
#include <cstdint>

#include "qkvbench/base/random.hpp"
#include "qkvbench/kernels/number_format.hpp"

namespace qkvbench::kernels {

/// y = x·Φ(x), Φ the normal distribution function ("exact" GELU); slope = Φ(x) + x·φ(x), which costs next to nothing
/// beside y and most of a second evaluation on the backward pass.   x, y, slope: [N]; y and, where it is not null,
/// slope written; slope may be x.   Source: torch.nn.GELU(approximate="none").
void gelu_forward(index_t N, const real* x, NumberStore y, real* slope);

/// y = x·½(1 + tanh(√(2/π)(x + 0.044715 x³))), GPT-2's own GELU; slope as in gelu_forward.
/// Source: torch.nn.GELU(approximate="tanh").
void gelu_tanh_forward(index_t N, const real* x, NumberStore y, real* slope);

/// d = d·slope: dy becomes dx.   slope, d: [N]; d updated.
void gelu_backward(index_t N, const real* slope, real* d);

/// y = silu(gate)·x, silu(z) = z/(1 + e^-z).   gate, x, y: [N]; y written.
/// Source: Shazeer, "GLU variants improve transformer", 2020.
void swiglu_forward(index_t N, const real* gate, const real* x, NumberStore y);

/// With s = 1/(1 + e^-gate): dgate (+)= dy·x·s·(1 + gate·(1 - s)); dx (+)= dy·gate·s.
/// All [N]; each written, or accumulated when its flag says so, and either may be null.
void swiglu_backward(index_t N, const real* dy, const real* gate, const real* x, real* dgate, bool accumulate_gate,
                     real* dx, bool accumulate_x);

/// y[r, c] = x[r, c]·gain[c].   x, y: [R, C]; gain: [C]; y written.
void scale_columns_forward(index_t R, index_t C, const real* x, const real* gain, real* y);

/// dx (+)= dy·gain; dgain += Σ_rows dy·x.   dx: [R, C], written, or accumulated when `accumulate`; dgain: [C],
/// accumulated; either may be null.
void scale_columns_backward(index_t R, index_t C, const real* dy, const real* x, const real* gain, real* dx,
                            bool accumulate, real* dgain);

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
