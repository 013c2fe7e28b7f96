// Copies of a product's operands rounded to bf16, in the cells and the order in which tiles read them.
// For matmul_bf16.cpp alone. Behind the depth there are zeros up to a whole block of kBf16Depth numbers.
#pragma once
#include "qkvbench/kernels/bf16.hpp"
#include "qkvbench/kernels/matmul.hpp"

namespace qkvbench::kernels {

/// Rows of a tile: for each block of depth its part of every row, one behind the other.
/// a: [height, depth]; out: [blocks, height, cells of a block], written.
void pack_bf16_rows(Bf16Route route, index_t height, index_t depth, MatrixView a, real* out);

/// A panel of columns: a row of cells for each step of depth; columns that there are not are zeros.
/// b: [depth, columns]; out: [cells of the depth, width], written; width: a multiple of the lanes of a vector.
void pack_bf16_columns(Bf16Route route, index_t depth, index_t columns, MatrixView b, index_t width, real* out);

}  // namespace qkvbench::kernels
