// MatrixView products on strided views: the routine under every linear layer and every attention head.
// No transposed variants: a transpose is a view with its strides exchanged.
#pragma once
#include <cstdint>

#include "qkvbench/kernels/number_format.hpp"

namespace qkvbench::kernels {

/// A read-only matrix; element (i, j) is data[i * row_stride + j * col_stride].
template <class Number>
struct StridedView {
  const Number* data;
  index_t row_stride, col_stride = 1;
  StridedView transposed() const { return {data, col_stride, row_stride}; }
  /// From element (i, j) on.
  StridedView from(index_t i, index_t j) const {
    return {data + i * row_stride + j * col_stride, row_stride, col_stride};
  }
};
using MatrixView = StridedView<real>;
/// Of numbers in kBf16.
using Bf16View = StridedView<std::uint16_t>;

/// What happens to a product on its way into memory.
struct Epilogue {
  const real* bias = nullptr;      ///< [N], added to every row
  const real* residual = nullptr;  ///< [M, N] with C's row stride, added
  bool accumulate = false;         ///< C += instead of C =
};

/// c[m, n] = Σ_k a[m, k]·b[k, n] (+ bias[n]) (+ residual[m, n]) (+ c[m, n] when accumulating).
/// a: [M, K]; b: [K, N]; c: [M, N] with unit column stride, written (or accumulated).
/// Each element sums k in blocks of 256 in order (kBf16: of 512, in the order that bf16.hpp defines), so its bits
/// depend on neither threads nor position. K = 0 gives bias + residual. Rows or columns are shared among threads().
/// operands: kFp32, a and b as they are; kBf16, both rounded to bf16 first, to nearest, ties to even, and numbers below
/// 2^-126 taken for zero everywhere. Sums are fp32 in any case.
void matmul(index_t M, index_t N, index_t K, MatrixView a, MatrixView b, real* c, index_t c_row_stride,
            Epilogue store = {}, NumberFormat operands = NumberFormat::kFp32);

/// matmul in kBf16 where one side is in that format already.
void matmul_bf16(index_t M, index_t N, index_t K, Bf16View a, MatrixView b, real* c, index_t c_row_stride,
                 Epilogue store = {});
void matmul_bf16(index_t M, index_t N, index_t K, MatrixView a, Bf16View b, real* c, index_t c_row_stride,
                 Epilogue store = {});

/// The same on the calling thread alone, for use inside a parallel_for.
void matmul_serial(index_t M, index_t N, index_t K, MatrixView a, MatrixView b, real* c, index_t c_row_stride,
                   Epilogue store = {}, NumberFormat operands = NumberFormat::kFp32);

/// Whether an instruction of the processor multiplies kBf16; else operands are rounded and multiplied in fp32, to the
/// same bits, not faster.
bool bf16_by_instruction();
/// "by tiles of AMX", "by fused multiply-adds of fp32", …
const char* bf16_route_text();

/// Name of the routine that this build uses, for the result record.
const char* matmul_name();

}  // namespace qkvbench::kernels
