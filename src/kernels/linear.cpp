// Linear layers as products on strided views.
// Nothing here chooses a product routine; matmul does.
#include "qkvbench/kernels/linear.hpp"

#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/kernels/rows.hpp"

namespace qkvbench::kernels {

void linear_forward(index_t R, index_t I, index_t O, const real* x, const real* weight, const real* bias,
                    const real* residual, real* y) {
  matmul(R, O, I, {x, I}, Matrix{weight, I}.transposed(), y, O, {.bias = bias, .residual = residual});
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
