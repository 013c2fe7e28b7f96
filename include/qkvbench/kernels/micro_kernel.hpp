// The innermost loop of a product: one tile of sums that stays in registers.
// For matmul.cpp alone, which brings operands in the order in which this reads them.
#pragma once
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

#if defined(__AVX512F__) || defined(__ARM_NEON)  // 32 vector registers
inline constexpr int kMr = 12;
#else  // 16 vector registers
inline constexpr int kMr = 6;
#endif
inline constexpr int kNr = 2 * simd::kLanes;

/// Where the sums of a block go. Tiles get this and their place in it, not a copy of their own: a copy would be read
/// back in whole vectors, and wait until all stores before it, those of the tile before too, have reached the cache.
struct Target {
  real* c;
  index_t row_stride;
  index_t columns;  // columns that exist
  const real* bias;
  const real* residual;
  bool add;
};

/// A panel of columns: row k begins at data + k · stride and has V vectors.
struct Panel {
  const real* data;
  index_t stride;
};

/// A tile of `height` rows and one or two vectors of columns: sums over depth, then the store at t.c + at, which is in
/// column j.
/// rows: the first row, with the strides of `a`.
using MicroKernel = void (*)(index_t depth, const real* rows, const MatrixView& a, const Panel& panel, const Target& t,
                             index_t at, index_t j);

/// height: 1 to kMr; wide: two vectors; adjacent: a's row stride is 1.
MicroKernel pick_kernel(index_t height, bool wide, bool adjacent);

}  // namespace qkvbench::kernels
