// Linear layers as products on strided views, or as dot products where there are few rows.
// Nothing here chooses a product routine; matmul does.
#include "qkvbench/kernels/linear.hpp"

#include "qkvbench/base/arena.hpp"
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/kernels/narrow.hpp"
#include "qkvbench/kernels/rows.hpp"

namespace qkvbench::kernels {

namespace {

/// Rows of weights that are made wide at a time: with a few hundred numbers each they stay in a core's cache.
constexpr index_t kStrip = 128;

void narrow_forward(index_t R, index_t I, index_t O, const real* x, const Rows& weight, const real* bias,
                    const real* residual, real* y, NumberFormat operands) {
  parallel_ranges(O, kStrip, [=](index_t begin, index_t end) {
    Scratch scratch;
    real* wide = scratch.take((end - begin) * I);
    widen_rows(weight.from(begin), end - begin, wide);
    matmul_serial(R, end - begin, I, {x, I}, MatrixView{wide, I}.transposed(), y + begin, O,
                  {.bias = bias ? bias + begin : nullptr, .residual = residual ? residual + begin : nullptr}, operands);
  });
}

}  // namespace

void linear_forward(index_t R, index_t I, index_t O, const Rows& x, const Rows& weight, const real* bias,
                    const real* residual, real* y, NumberFormat operands) {
  if (weight.format != NumberFormat::kFp32)
    return narrow_forward(R, I, O, x.reals(), weight, bias, residual, y, operands);
  const MatrixView columns = MatrixView{weight.reals(), I}.transposed();
  const Epilogue store{.bias = bias, .residual = residual};
  if (x.format == NumberFormat::kBf16)
    matmul_bf16(R, O, I, Bf16View{x.halves(), I}, columns, y, O, store);
  else
    matmul(R, O, I, {x.reals(), I}, columns, y, O, store, operands);
}

void linear_decode_forward(index_t R, index_t I, index_t O, const real* x, const Rows& weight, const real* bias,
                           const real* residual, real* y) {
  // A row of weights after the other: the matrix is read as one stream, which the processor sees and runs ahead of.
  const index_t grain = std::max<index_t>(1, 16384 / std::max<index_t>(1, I));
  with_row(weight.format, [&]<class Row>(Row) {
    const std::byte* data = weight.data;
    const index_t stride = weight.stride();
    parallel_ranges(O, grain, [=](index_t begin, index_t end) {
      for (index_t o = begin; o < end; ++o)
        for (index_t r = 0; r < R; ++r) {
          const index_t at = r * O + o;
          y[at] = dot<Row, 4>(I, x + r * I, data + o * stride) + (bias ? bias[o] : 0) + (residual ? residual[at] : 0);
        }
    });
  });
}

void linear_backward_input(index_t R, index_t I, index_t O, const real* dy, const real* weight, real* dx,
                           bool accumulate, NumberFormat operands) {
  matmul(R, I, O, {dy, O}, {weight, I}, dx, I, {.accumulate = accumulate}, operands);
}

void linear_backward_weight(index_t R, index_t I, index_t O, const real* dy, const Rows& x, real* dweight, real* dbias,
                            NumberFormat operands) {
  const MatrixView rows = MatrixView{dy, O}.transposed();
  if (x.format == NumberFormat::kBf16)
    matmul_bf16(O, I, R, rows, Bf16View{x.halves(), I}, dweight, I, {.accumulate = true});
  else
    matmul(O, I, R, rows, {x.reals(), I}, dweight, I, {.accumulate = true}, operands);
  if (dbias) column_sum(R, O, dy, dbias);
}

void column_sum(index_t R, index_t C, const real* x, real* out) {
  sum_over_rows(R, C, out, [&](index_t begin, index_t end, real* partial) {
    for (index_t r = begin; r < end; ++r)
      for (index_t c = 0; c < C; ++c) partial[c] += x[r * C + c];
  });
}

}  // namespace qkvbench::kernels
