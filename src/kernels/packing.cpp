// Packing by vectors: rows as they are, columns that lie side by side in memory through squares of registers.
// The plain loops at the ends serve views that no product of the engine has.
#include "qkvbench/kernels/packing.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "qkvbench/base/arena.hpp"
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

namespace {

/// Two rows of `width` rounded numbers, cells of both or one behind the other; `second` may be null, which is zeros.
/// out: [2, width] or in pairs [1, width], written.
void put_two_rows([[maybe_unused]] Bf16Route route, index_t width, const real* first, const real* second, real* out) {
  for (index_t j = 0; j < width; j += kLanes) {
    const index_t n = std::min<index_t>(kLanes, width - j);
    const Vec a = round_bf16(simd::load_part(first + j, n));
    const Vec b = second ? round_bf16(simd::load_part(second + j, n)) : Vec{};
#ifndef QKVBENCH_DOUBLE
    if (route != Bf16Route::kRounded) {
      simd::store_part(out + j, pair_rows(route, a, b), n);
      continue;
    }
#endif
    simd::store_part(out + j, a, n);
    simd::store_part(out + width + j, b, n);
  }
}

/// A row of rounded numbers in cells.   out: [bf16_cells(route, depth)], written.
void put_row([[maybe_unused]] Bf16Route route, index_t depth, const real* x, real* out) {
  index_t k = 0;
#ifndef QKVBENCH_DOUBLE
  if (route != Bf16Route::kRounded) {
    for (; k + kLanes <= depth; k += kLanes) store_pairs(route, round_bf16(simd::load(x + k)), out + k / 2);
    real rest[kLanes / 2];
    store_pairs(route, round_bf16(simd::load_part(x + k, depth - k)), rest);
    std::copy_n(rest, bf16_cells(route, depth) - k / 2, out + k / 2);
    return;
  }
#endif
  for (; k < depth; k += kLanes) {
    const index_t n = std::min<index_t>(kLanes, depth - k);
    simd::store_part(out + k, round_bf16(simd::load_part(x + k, n)), n);
  }
  if (depth % 2 != 0) out[depth] = 0;
}

}  // namespace

void narrow_panel(Bf16Route route, index_t depth, index_t width, real* panel) {
  const index_t step = route == Bf16Route::kRounded ? 2 * width : width;
  for (index_t k = 0; k < depth; k += 2) {
    const real* from = panel + k * width;
    put_two_rows(route, width, from, k + 1 < depth ? from + width : nullptr, panel + k / 2 * step);
  }
}

MatrixView narrow_rows_of(Bf16Route route, index_t rows, index_t depth, MatrixView a, real* out) {
  const index_t cells = bf16_cells(route, depth);
  if (a.row_stride == 1 && a.col_stride != 1) {
    const index_t step = route == Bf16Route::kRounded ? 2 * rows : rows;
    for (index_t k = 0; k < depth; k += 2) {
      const real* from = a.data + k * a.col_stride;
      put_two_rows(route, rows, from, k + 1 < depth ? from + a.col_stride : nullptr, out + k / 2 * step);
    }
    return {out, 1, rows};
  }
  Scratch scratch;
  real* row = a.col_stride == 1 ? nullptr : scratch.take(depth);
  for (index_t r = 0; r < rows; ++r) {
    const real* from = a.data + r * a.row_stride;
    for (index_t k = 0; row && k < depth; ++k) row[k] = from[k * a.col_stride];
    put_row(route, depth, row ? row : from, out + r * cells);
  }
  return {out, cells, 1};
}

}  // namespace qkvbench::kernels
