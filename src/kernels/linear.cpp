// Linear layers as products on strided views, or as dot products where there are few rows.
// Nothing here chooses a product routine; matmul does.
#include "qkvbench/kernels/linear.hpp"

#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/kernels/rows.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

void linear_forward(index_t R, index_t I, index_t O, const real* x, const real* weight, const real* bias,
                    const real* residual, real* y) {
  matmul(R, O, I, {x, I}, MatrixView{weight, I}.transposed(), y, O, {.bias = bias, .residual = residual});
}

namespace {

/// Σ a∘b over n numbers, for rows that are long: in four sums side by side, since one would wait for itself.
real long_dot(index_t n, const real* a, const real* b) {
  using simd::kLanes;
  constexpr index_t kWays = 4;
  simd::Vec sum[kWays] = {};
  index_t i = 0;
  for (; i + kWays * kLanes <= n; i += kWays * kLanes)
    for (index_t w = 0; w < kWays; ++w) sum[w] += simd::load(a + i + w * kLanes) * simd::load(b + i + w * kLanes);
  for (; i < n; i += kLanes) {
    const index_t part = std::min<index_t>(kLanes, n - i);
    sum[0] += simd::load_part(a + i, part) * simd::load_part(b + i, part);
  }
  return simd::sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

}  // namespace

void linear_decode_forward(index_t R, index_t I, index_t O, const real* x, const real* weight, const real* bias,
                           const real* residual, real* y) {
  // A row of weights after the other: the matrix is read as one stream, which the processor sees and runs ahead of.
  const index_t grain = std::max<index_t>(1, 16384 / std::max<index_t>(1, I));
  parallel_ranges(O, grain, [=](index_t begin, index_t end) {
    for (index_t o = begin; o < end; ++o)
      for (index_t r = 0; r < R; ++r) {
        const index_t at = r * O + o;
        y[at] = long_dot(I, x + r * I, weight + o * I) + (bias ? bias[o] : 0) + (residual ? residual[at] : 0);
      }
  });
}

void linear_backward_input(index_t R, index_t I, index_t O, const real* dy, const real* weight, real* dx,
                           bool accumulate) {
  matmul(R, I, O, {dy, O}, {weight, I}, dx, I, {.accumulate = accumulate});
}

void linear_backward_weight(index_t R, index_t I, index_t O, const real* dy, const real* x, real* dweight,
                            real* dbias) {
  matmul(O, I, R, MatrixView{dy, O}.transposed(), {x, I}, dweight, I, {.accumulate = true});
  if (dbias) column_sum(R, O, dy, dbias);
}

void column_sum(index_t R, index_t C, const real* x, real* out) {
  sum_over_rows(R, C, out, [&](index_t begin, index_t end, real* partial) {
    for (index_t r = begin; r < end; ++r)
      for (index_t c = 0; c < C; ++c) partial[c] += x[r * C + c];
  });
}

}  // namespace qkvbench::kernels
