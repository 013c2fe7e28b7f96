// Packing by vectors of cells: along a row that is contiguous in memory, or across two rows.
// What runs along in memory but across in cells, or the other way, goes through squares of registers.
#include "qkvbench/kernels/bf16_packing.hpp"

#include <algorithm>
#include <utility>

#include "qkvbench/base/arena.hpp"

namespace qkvbench::kernels {

namespace {

using simd::kLanes;
using simd::Vec;

/// Which numbers a cell holds, and how vectors of cells are made.
template <Bf16Route kRoute>
struct Cells {
  static constexpr index_t kNumbers = bf16_numbers_of_cell(kRoute), kOfBlock = kBf16Depth / kNumbers;
  /// From the first number of a pair to the second. Of kPairs* a cell has two that follow each other in a sum: both of
  /// even index or both of odd.
  static constexpr index_t kApart = kRoute == Bf16Route::kTiles ? 1 : 2;
  static constexpr index_t first(index_t cell) {
    if constexpr (kNumbers == 1) return cell;
    return kRoute == Bf16Route::kTiles ? 2 * cell : cell / 2 * 4 + cell % 2;
  }

  static Vec pair(Vec first, Vec second) {
#if defined(__AVX512BF16__) && defined(__AVX512BW__) && !defined(QKVBENCH_DOUBLE)
    if constexpr (kRoute == Bf16Route::kTiles)
      return std::bit_cast<Vec>(_mm512_permutexvar_epi16(std::bit_cast<__m512i>(kHalvesInTurn), halves(first, second)));
#endif
#ifndef QKVBENCH_DOUBLE
    const Words a = std::bit_cast<Words>(round_bf16(first)), b = std::bit_cast<Words>(round_bf16(second));
    return std::bit_cast<Vec>(kRoute == Bf16Route::kPairsHighFirst ? a | (b >> 16) : (a >> 16) | b);
#else
    return first + second;  // never: there are no pairs of doubles
#endif
  }

#if defined(__AVX512BF16__) && !defined(QKVBENCH_DOUBLE)
  /// The numbers of x rounded, then those of y.
  static __m512i halves(Vec x, Vec y) {
    return std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(std::bit_cast<__m512>(y), std::bit_cast<__m512>(x)));
  }
  typedef std::uint16_t Halves __attribute__((vector_size(64)));
  static constexpr Halves kHalvesInTurn{0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                        8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
#endif

  template <int... Lane>
  static Vec cells_of(Vec x, Vec y, std::integer_sequence<int, Lane...>) {
    return pair(simd::shuffle<static_cast<int>(first(Lane))...>(x, y),
                simd::shuffle<static_cast<int>(first(Lane) + kApart)...>(x, y));
  }

  /// The cells of a vector whose numbers begin at x; of those that are not Whole there are n.
  template <bool Whole>
  [[gnu::always_inline]] static Vec along(const real* x, index_t n) {
    const auto part = [&](index_t begin) {
      return Whole ? simd::load(x + begin) : simd::load_part(x + begin, std::clamp<index_t>(n - begin, 0, kLanes));
    };
    if constexpr (kNumbers == 1) {
      return round_bf16(part(0));
    } else {
#if defined(__AVX512BF16__) && !defined(QKVBENCH_DOUBLE)
      if constexpr (kRoute == Bf16Route::kTiles) return std::bit_cast<Vec>(halves(part(0), part(kLanes)));
#endif
      return cells_of(part(0), part(kLanes), simd::AllLanes{});
    }
  }

  /// A cell of each of n columns that lie side by side. x: where depth begins, rows `stride` apart, `depth` of them;
  /// Whole: all columns and the whole cell are there.
  template <bool Whole>
  [[gnu::always_inline]] static Vec across(const real* x, index_t stride, index_t depth, index_t cell, index_t n) {
    const auto row = [&](index_t k) {
      if constexpr (Whole) return simd::load(x + k * stride);
      return k < depth ? simd::load_part(x + k * stride, n) : Vec{};
    };
    const index_t k = first(cell);
    if constexpr (kNumbers == 1)
      return round_bf16(row(k));
    else
      return pair(row(k), row(k + kApart));
  }
};

/// Numbers of a vector of cells.
template <class C>
constexpr index_t kOfVector = kLanes* C::kNumbers;

template <class C>
void pack_rows(index_t height, index_t depth, MatrixView a, real* out) {
  const index_t whole = depth / kOfVector<C> * kOfVector<C>;
  for (index_t r = 0; r < height; ++r) {
    const real* row = a.data + r * a.row_stride;
    const auto to = [&](index_t k) {
      return out + (k / kBf16Depth * height + r) * C::kOfBlock + k % kBf16Depth / C::kNumbers;
    };
    for (index_t k = 0; k < whole; k += kOfVector<C>) simd::store(to(k), C::template along<true>(row + k, 0));
    for (index_t k = whole; k < bf16_padded(depth); k += kOfVector<C>)
      simd::store(to(k), C::template along<false>(row + k, depth - k));
  }
}

/// A square of cells of which each vector holds one step of depth, turned, and stored from `to` on.   out: rows of
/// C::kOfBlock cells, n of them.
template <class C, bool Whole>
void turn_across(const real* x, index_t stride, index_t depth, index_t cell, index_t n, real* out) {
  Vec square[kLanes];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) square[i] = C::template across<Whole>(x, stride, depth, cell + i, n);
  simd::transpose(square);
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i)
    if (Whole || i < n) simd::store(out + i * C::kOfBlock, square[i]);
}

/// The same of rows that lie side by side in memory.
template <class C>
void pack_rows_across(index_t height, index_t depth, MatrixView a, real* out) {
  for (index_t cell = 0; cell < bf16_padded(depth) / C::kNumbers; cell += kLanes)
    for (index_t r = 0; r < height; r += kLanes) {
      const index_t n = std::min<index_t>(kLanes, height - r);
      real* to = out + cell / C::kOfBlock * C::kOfBlock * height + r * C::kOfBlock + cell % C::kOfBlock;
      if (n == kLanes && (cell + kLanes) * C::kNumbers <= depth)
        turn_across<C, true>(a.data + r, a.col_stride, depth, cell, n, to);
      else
        turn_across<C, false>(a.data + r, a.col_stride, depth, cell, n, to);
    }
}

/// Rows of cells from `cell` to `end`.
template <class C, bool Whole>
void put_across(index_t cell, index_t end, index_t depth, index_t columns, MatrixView b, index_t width, real* out) {
  for (; cell < end; ++cell)
    for (index_t j = 0; j < width; j += kLanes)
      simd::store(out + cell * width + j, C::template across<Whole>(b.data + j, b.row_stride, depth, cell,
                                                                    std::clamp<index_t>(columns - j, 0, kLanes)));
}

template <class C>
void pack_columns(index_t depth, index_t columns, MatrixView b, index_t width, real* out) {
  // Four numbers are whole cells of every kind.
  const index_t whole = columns == width ? depth / 4 * 4 / C::kNumbers : 0;
  put_across<C, true>(0, whole, depth, columns, b, width, out);
  put_across<C, false>(whole, bf16_padded(depth) / C::kNumbers, depth, columns, b, width, out);
}

/// The same of columns that are contiguous in memory.
template <class C>
void pack_columns_along(index_t depth, index_t columns, MatrixView b, index_t width, real* out) {
  for (index_t j = 0; j < width; j += kLanes)
    for (index_t cell = 0; cell < bf16_padded(depth) / C::kNumbers; cell += kLanes) {
      const real* from = b.data + j * b.col_stride + cell * C::kNumbers;
      const index_t n = depth - cell * C::kNumbers;
      Vec square[kLanes];
      if (n >= kOfVector<C> && j + kLanes <= columns) {
#pragma GCC unroll 16
        for (int l = 0; l < kLanes; ++l) square[l] = C::template along<true>(from + l * b.col_stride, n);
      } else {
#pragma GCC unroll 16
        for (int l = 0; l < kLanes; ++l)
          square[l] = j + l < columns ? C::template along<false>(from + l * b.col_stride, n) : Vec{};
      }
      simd::transpose(square);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) simd::store(out + (cell + i) * width + j, square[i]);
    }
}

template <class F>
void with_cells(Bf16Route route, F f) {
  switch (route) {
    case Bf16Route::kRounded: return f(Cells<Bf16Route::kRounded>{});
    case Bf16Route::kPairsHighFirst: return f(Cells<Bf16Route::kPairsHighFirst>{});
    case Bf16Route::kPairsLowFirst: return f(Cells<Bf16Route::kPairsLowFirst>{});
    case Bf16Route::kTiles: return f(Cells<Bf16Route::kTiles>{});
  }
}

/// A copy of a view that is contiguous in neither direction.   out: [rows, columns], written.
MatrixView contiguous(index_t rows, index_t columns, MatrixView m, real* out) {
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < columns; ++j) out[i * columns + j] = m.data[i * m.row_stride + j * m.col_stride];
  return {out, columns, 1};
}

}  // namespace

void pack_bf16_rows(Bf16Route route, index_t height, index_t depth, MatrixView a, real* out) {
  Scratch scratch;
  if (a.col_stride != 1 && a.row_stride != 1) a = contiguous(height, depth, a, scratch.take(height * depth));
  with_cells(route, [&]<class C>(C) {
    a.col_stride == 1 ? pack_rows<C>(height, depth, a, out) : pack_rows_across<C>(height, depth, a, out);
  });
}

void pack_bf16_columns(Bf16Route route, index_t depth, index_t columns, MatrixView b, index_t width, real* out) {
  Scratch scratch;
  if (b.col_stride != 1 && b.row_stride != 1) b = contiguous(depth, columns, b, scratch.take(depth * columns));
  with_cells(route, [&]<class C>(C) {
    b.col_stride == 1 ? pack_columns<C>(depth, columns, b, width, out)
                      : pack_columns_along<C>(depth, columns, b, width, out);
  });
}

}  // namespace qkvbench::kernels
