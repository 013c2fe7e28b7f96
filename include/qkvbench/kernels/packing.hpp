// Copies of a product's operands in the order in which its inner loop reads them.
// What is packed, and when, matmul.cpp decides; nothing else needs this.
#pragma once
#include "qkvbench/kernels/matmul.hpp"

namespace qkvbench::kernels {

/// panel[k, j] = b[k, j], 0 for j >= columns.   b: [depth, columns]; panel: [depth, width], written; width: a multiple
/// of the lanes of a vector.
void pack_b(index_t depth, index_t columns, MatrixView b, index_t width, real* panel);

/// out[k, r] = a[r, k].   a: [height, depth]; out: [depth, height], written, and room for a vector behind it, which may
/// be written too; height: at most 12.
void pack_a(index_t height, index_t depth, MatrixView a, real* out);

}  // namespace qkvbench::kernels
