// Heads put together from parts, and affine maps that each group of channels has of its own.
// What the parts mean is the caller's.
#pragma once
#include "qkvbench/kernels/number_format.hpp"

namespace qkvbench::kernels {

/// y[r, h] = [x[r, h, 0 … keep-1] ; shared[r]]: every head ends with the same channels.
/// x: [R, heads, width]; shared: [R, S]; y: [R, heads, keep + S], written.
void join_heads_forward(index_t R, index_t heads, index_t width, index_t keep, index_t S, const real* x,
                        const real* shared, real* y);

/// dx[r, h, c < keep] += dy's, dshared[r] += Σ_h dy's.   Shapes as above; both accumulated, either may be null.
void join_heads_backward(index_t R, index_t heads, index_t width, index_t keep, index_t S, const real* dy, real* dx,
                         real* dshared);

/// Sizes of a grouped affine map: group m of M maps its I channels to O. Its matrix is [O, I], or [I, O] when
/// `transposed`; the matrices of all groups lie one behind the other.
struct GroupedSize {
  index_t R, M, I, O;
  bool transposed;
  NumberFormat operands = NumberFormat::kFp32;  ///< to what both sides of each product are rounded, as in matmul
};

/// y_m = x_m W_mᵀ (+ bias_m), or y_m = x_m W_m when transposed.
/// x: [R, M, I]; weight: M matrices, in any format; bias: [M, O] or null; y: [R, M, O], written.
void grouped_linear_forward(const GroupedSize& size, const real* x, const Rows& weight, const real* bias, real* y);

/// dx_m (+)= dy_m W_m, or dy_m W_mᵀ when transposed.   dx: [R, M, I], written, or accumulated when `accumulate`.
void grouped_linear_backward_input(const GroupedSize& size, const real* dy, const real* weight, real* dx,
                                   bool accumulate);

/// dW_m += dy_mᵀ x_m, or x_mᵀ dy_m when transposed; dbias += Σ_rows dy.   dbias: [M, O] or null; both accumulated.
void grouped_linear_backward_weight(const GroupedSize& size, const real* dy, const real* x, real* dweight, real* dbias);

}  // namespace qkvbench::kernels
