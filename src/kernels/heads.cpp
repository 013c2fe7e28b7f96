// Copies row by row, and one product a group on strided views.
// Nothing is gathered first: a group's channels are a view of the whole row.
#include "qkvbench/kernels/heads.hpp"

#include "qkvbench/kernels/linear.hpp"
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/kernels/rows.hpp"

namespace qkvbench::kernels {

void join_heads_forward(index_t R, index_t heads, index_t width, index_t keep, index_t S, const real* x,
                        const real* shared, real* y) {
  for_row_blocks(R, heads * (keep + S), [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r)
      for (index_t h = 0; h < heads; ++h) {
        real* to = y + (r * heads + h) * (keep + S);
        std::copy_n(x + (r * heads + h) * width, keep, to);
        std::copy_n(shared + r * S, S, to + keep);
      }
  });
}

void join_heads_backward(index_t R, index_t heads, index_t width, index_t keep, index_t S, const real* dy, real* dx,
                         real* dshared) {
  for_row_blocks(R, heads * (keep + S), [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r)
      for (index_t h = 0; h < heads; ++h) {
        const real* from = dy + (r * heads + h) * (keep + S);
        if (dx)
          for (index_t c = 0; c < keep; ++c) dx[(r * heads + h) * width + c] += from[c];
        if (dshared)
          for (index_t c = 0; c < S; ++c) dshared[r * S + c] += from[keep + c];
      }
  });
}

void grouped_linear_forward(const GroupedSize& s, const real* x, const Rows& weight, const real* bias, real* y) {
  const auto product = [=](auto multiply, const real* w, index_t m) {
    const MatrixView right = s.transposed ? MatrixView{w, s.O} : MatrixView{w, s.I}.transposed();
    multiply(s.R, s.O, s.I, MatrixView{x + m * s.I, s.M * s.I}, right, y + m * s.O, s.M * s.O,
             Epilogue{.bias = bias ? bias + m * s.O : nullptr}, s.operands);
  };
  const index_t rows = s.transposed ? s.I : s.O;
  if (weight.format == NumberFormat::kFp32) {
    for (index_t m = 0; m < s.M; ++m) product(matmul, weight.from(m * rows).reals(), m);
    return;
  }
  // A group's matrix is made wide where it stays in a core's cache.
  parallel_for(s.M, [&](index_t m) {
    Scratch scratch;
    real* wide = scratch.take(s.I * s.O);
    widen_rows(weight.from(m * rows), rows, wide);
    product(matmul_serial, wide, m);
  });
}

void grouped_linear_backward_input(const GroupedSize& s, const real* dy, const real* weight, real* dx,
                                   bool accumulate) {
  for (index_t m = 0; m < s.M; ++m) {
    const real* w = weight + m * s.I * s.O;
    const MatrixView right = s.transposed ? MatrixView{w, s.O}.transposed() : MatrixView{w, s.I};
    matmul(s.R, s.I, s.O, {dy + m * s.O, s.M * s.O}, right, dx + m * s.I, s.M * s.I, {.accumulate = accumulate},
           s.operands);
  }
}

void grouped_linear_backward_weight(const GroupedSize& s, const real* dy, const real* x, real* dweight, real* dbias) {
  for (index_t m = 0; m < s.M; ++m) {
    const MatrixView from{x + m * s.I, s.M * s.I}, to{dy + m * s.O, s.M * s.O};
    real* dw = dweight + m * s.I * s.O;
    if (s.transposed)
      matmul(s.I, s.O, s.R, from.transposed(), to, dw, s.O, {.accumulate = true}, s.operands);
    else
      matmul(s.O, s.I, s.R, to.transposed(), from, dw, s.I, {.accumulate = true}, s.operands);
  }
  if (dbias) column_sum(s.R, s.M * s.O, dy, dbias);
}

}  // namespace qkvbench::kernels
