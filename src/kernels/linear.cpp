// Linear layers as products on strided views, or as dot products where there are few rows.
// Nothing here chooses a product routine; matmul does.
#include "qkvbench/kernels/linear.hpp"

#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/kernels/rows.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

void linear_forward(index_t R, index_t I, index_t O, const real* x, const real* weight, const real* bias,
                    const real* residual, real* y) {
  matmul(R, O, I, {x, I}, Matrix{weight, I}.transposed(), y, O, {.bias = bias, .residual = residual});
}

void linear_step_forward(index_t R, index_t I, index_t O, const real* x, const real* weight, const real* bias,
                         const real* residual, real* y) {
  using simd::Vec;
  constexpr index_t kOutputs = 4;
  const index_t grain = std::max<index_t>(kOutputs, 16384 / std::max<index_t>(1, I) / kOutputs * kOutputs);
  parallel_ranges(O, grain, [=](index_t begin, index_t end) {
    for (index_t o = begin; o < end; o += kOutputs)
      for (index_t r = 0; r < R; ++r) {
        const real* row[kOutputs];  // the last outputs may be fewer: then the last is computed again
        for (index_t n = 0; n < kOutputs; ++n) row[n] = weight + std::min(o + n, end - 1) * I;
        Vec sum[kOutputs] = {};
        for (index_t i = 0; i < I; i += simd::kLanes) {
          const index_t part = std::min<index_t>(simd::kLanes, I - i);
          const Vec input = simd::load_part(x + r * I + i, part);
          for (index_t n = 0; n < kOutputs; ++n) sum[n] += input * simd::load_part(row[n] + i, part);
        }
        for (index_t n = 0; n < std::min(kOutputs, end - o); ++n) {
          const index_t at = r * O + o + n;
          y[at] = simd::sum(sum[n]) + (bias ? bias[o + n] : 0) + (residual ? residual[at] : 0);
        }
      }
  });
}

void linear_backward_input(index_t R, index_t I, index_t O, const real* dy, const real* weight, real* dx,
                           bool accumulate) {
  matmul(R, I, O, {dy, O}, {weight, I}, dx, I, {.accumulate = accumulate});
}

void linear_backward_weight(index_t R, index_t I, index_t O, const real* dy, const real* x, real* dweight,
                            real* dbias) {
  matmul(O, I, R, Matrix{dy, O}.transposed(), {x, I}, dweight, I, {.accumulate = true});
  if (dbias) column_sum(R, O, dy, dbias);
}

void column_sum(index_t R, index_t C, const real* x, real* out) {
  sum_over_rows(R, C, out, [&](index_t begin, index_t end, real* partial) {
    for (index_t r = begin; r < end; ++r)
      for (index_t c = 0; c < C; ++c) partial[c] += x[r * C + c];
  });
}

}  // namespace qkvbench::kernels
