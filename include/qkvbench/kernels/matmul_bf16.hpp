// The product's loops for operands that are rounded to bf16 on the way.
// For matmul.cpp alone, which chooses between them and its own.
#pragma once
#include "qkvbench/kernels/bf16.hpp"
#include "qkvbench/kernels/matmul.hpp"

namespace qkvbench::kernels {

/// matmul_serial with NumberFormat::kBf16, by a route of which has_instruction() was asked before. A and B: MatrixView,
/// and one of the two may be a Bf16View.
template <class A, class B>
void matmul_bf16_serial(Bf16Route route, index_t M, index_t N, index_t K, A a, B b, real* c, index_t c_row_stride,
                        const Epilogue& store);

}  // namespace qkvbench::kernels
