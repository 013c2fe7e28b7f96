// The affine map y = x Wᵀ + b and its gradients.
// Not a module: weights are plain pointers here.
#pragma once
#include "qkvbench/kernels/number_format.hpp"

namespace qkvbench::kernels {

// `operands`: to what matmul rounds both sides of the products.

/// y = x Wᵀ (+ bias) (+ residual).
/// x: R rows of I numbers, in kFp32, or in kBf16 where operands are kBf16 and weights kFp32; weight: O rows of I
/// numbers, in any format; bias: [O] or null; residual: [R, O] or null; y: [R, O], written. Source: torch.nn.Linear.
void linear_forward(index_t R, index_t I, index_t O, const Rows& x, const Rows& weight, const real* bias,
                    const real* residual, real* y, NumberFormat operands = NumberFormat::kFp32);

/// The same map for a few rows, as a step of decoding has them: bound by reading the weights, which happens once for
/// all rows, without packing them. Sums in another order than linear_forward.
void linear_decode_forward(index_t R, index_t I, index_t O, const real* x, const Rows& weight, const real* bias,
                           const real* residual, real* y);

/// dx (+)= dy W.   dy: [R, O]; dx: [R, I], written, or accumulated when `accumulate`.
void linear_backward_input(index_t R, index_t I, index_t O, const real* dy, const real* weight, real* dx,
                           bool accumulate, NumberFormat operands = NumberFormat::kFp32);

/// dW += dyᵀ x and dbias += Σ_rows dy.   x: as in linear_forward; dweight: [O, I]; dbias: [O] or null; both
/// accumulated.
void linear_backward_weight(index_t R, index_t I, index_t O, const real* dy, const Rows& x, real* dweight, real* dbias,
                            NumberFormat operands = NumberFormat::kFp32);

/// out[c] += Σ_r x[r, c], in blocks of rows that depend on R alone.   x: [R, C]; out: [C], accumulated.
void column_sum(index_t R, index_t C, const real* x, real* out);

}  // namespace qkvbench::kernels
