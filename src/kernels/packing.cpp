// Packing by vectors: rows as they are, columns that lie side by side in memory through squares of registers.
// The plain loops at the ends serve views that no product of the engine has.
#include "qkvbench/kernels/packing.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

namespace {

using simd::kLanes;
using simd::Vec;

/// out[k, l] = b[l, k] for k < depth and all lanes l; the rows of b from `rows` on are zeros.
/// b: [rows, depth], row stride b_row; out: row stride out_row.
template <bool Full>
void transpose_strip(index_t rows, index_t depth, const real* b, index_t b_row, real* out, index_t out_row) {
  for (index_t k = 0; k < depth; k += kLanes) {
    const index_t n = Full ? kLanes : std::min<index_t>(kLanes, depth - k);
    Vec square[kLanes];
#pragma GCC unroll 16
    for (int l = 0; l < kLanes; ++l)
      square[l] = Full ? simd::load(b + l * b_row + k) : l < rows ? simd::load_part(b + l * b_row + k, n) : Vec{};
    simd::transpose(square);
    real* to = out + k * out_row;
#pragma GCC unroll 16
    for (int l = 0; l < kLanes; ++l) {
      if (Full || l < n) simd::store(to, square[l]);
      to = simd::opaque(to + out_row);
    }
  }
}

/// Copies R numbers that lie side by side for each k, in whole vectors: what is written too far, the next k writes
/// over. out: [depth, R] and room for a vector behind it.
template <int R>
void copy_groups(index_t depth, const real* a, index_t a_col, real* out) {
  for (index_t k = 0; k < depth; ++k)
    for (int r = 0; r < R; r += kLanes)
      simd::store(out + k * R + r, simd::load_part(a + k * a_col + r, R - r < kLanes ? R - r : kLanes));
}

using CopyGroups = void (*)(index_t, const real*, index_t, real*);
template <int... R>
constexpr std::array<CopyGroups, sizeof...(R)> by_height(std::integer_sequence<int, R...>) {
  return {copy_groups<R + 1>...};
}
constexpr auto kByHeight = by_height(std::make_integer_sequence<int, 12>{});

}  // namespace

void pack_b(index_t depth, index_t columns, MatrixView b, index_t width, real* panel) {
  for (index_t j = 0; j < width; j += kLanes) {
    const index_t n = std::clamp<index_t>(columns - j, 0, kLanes);
    if (b.col_stride == 1) {
      for (index_t k = 0; k < depth; ++k)
        simd::store(panel + k * width + j, simd::load_part(b.data + k * b.row_stride + j, n));
    } else if (b.row_stride == 1) {
      const real* from = b.data + j * b.col_stride;
      const index_t whole = n == kLanes ? depth / kLanes * kLanes : 0;
      transpose_strip<true>(n, whole, from, b.col_stride, panel + j, width);
      transpose_strip<false>(n, depth - whole, from + whole, b.col_stride, panel + whole * width + j, width);
    } else {
      for (index_t l = 0; l < kLanes; ++l)
        for (index_t k = 0; k < depth; ++k)
          panel[k * width + j + l] = l < n ? b.data[k * b.row_stride + (j + l) * b.col_stride] : 0;
    }
  }
}

void pack_a(index_t height, index_t depth, MatrixView a, real* out) {
  if (a.row_stride == 1)
    kByHeight[static_cast<std::size_t>(height - 1)](depth, a.data, a.col_stride, out);
  else
    for (index_t k = 0; k < depth; ++k)
      for (index_t r = 0; r < height; ++r) out[k * height + r] = a.data[r * a.row_stride + k * a.col_stride];
}

}  // namespace qkvbench::kernels
