// Copies of a product's operands rounded to bf16, in the cells and the order in which tiles read them.
// For matmul_bf16.cpp alone. Behind the depth there are zeros up to a whole block of kBf16Depth numbers.
#pragma once
#include "qkvbench/kernels/bf16.hpp"
#include "qkvbench/kernels/matmul.hpp"

namespace qkvbench::kernels {

/// How the cells of a tile's rows lie.
enum class RowOrder {
  kByRow,   ///< [blocks, height, cells of a block]: for each block of depth its part of every row
  kByDepth  ///< [cells of the depth, height]: for each step of depth that of every row
};
/// The order that is packed without turning squares around, of those that the route's tiles read, by the strides of
/// what is packed.
RowOrder bf16_row_order(Bf16Route route, index_t row_stride, index_t col_stride);

// Number: real, or the halves of kBf16.

/// Rows in tiles of `height`, one tile behind the other; the last may have fewer.
/// a: [rows, depth], with contiguous columns where the order is kByDepth; out: of each tile as the order says, written.
template <class Number>
void pack_bf16_rows(Bf16Route route, RowOrder order, index_t rows, index_t height, index_t depth, StridedView<Number> a,
                    real* out);

/// A panel of columns: a row of cells for each step of depth; columns that there are not are zeros.
/// b: [depth, columns]; out: [cells of the depth, width], written; width: a multiple of the lanes of a vector.
template <class Number>
void pack_bf16_columns(Bf16Route route, index_t depth, index_t columns, StridedView<Number> b, index_t width,
                       real* out);

}  // namespace qkvbench::kernels
