// Packing by vectors of cells: along a row that is contiguous in memory, or across two rows.
// What runs along in memory but across in cells, or the other way, goes through squares of registers.
// clang-format off
#include "qkvbench/kernels/bf16_instructions.hpp"  // before all others
// clang-format on
#include "qkvbench/kernels/bf16_packing.hpp"

#include <algorithm>
#include <utility>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/system.hpp"

namespace qkvbench::kernels {

namespace {

using simd::kLanes;
using simd::Vec;

Vec load(const real* x) { return simd::load(x); }
Vec load_part(const real* x, index_t n) { return simd::load_part(x, n); }
Vec load(const std::uint16_t* x) { return Bf16Row::load(x); }
Vec load_part(const std::uint16_t* x, index_t n) { return Bf16Row::load_part(x, n); }

/// Which numbers a cell holds, and how vectors of cells are made: of pairs also by the processor's own rounding.
template <Bf16Route kRoute, bool ByInstruction = false>
struct Cells {
  static constexpr index_t kNumbers = bf16_numbers_of_cell(kRoute), kOfBlock = kBf16Depth / kNumbers;
  /// From the first number of a pair to the second. Of kPairs* a cell has two that follow each other in a sum: both of
  /// even index or both of odd.
  static constexpr index_t kApart = kRoute == Bf16Route::kTiles ? 1 : 2;
  static constexpr index_t first(index_t cell) {
    if constexpr (kNumbers == 1) return cell;
    return kRoute == Bf16Route::kTiles ? 2 * cell : cell / 2 * 4 + cell % 2;
  }

#ifdef QKVBENCH_BF16_PAIRS
  typedef std::uint16_t Halves __attribute__((vector_size(64)));

  /// Both vectors rounded, in cells: `order` says of which number, counted through both, each half of a cell is.
  static Vec rounded(Vec x, Vec y, Halves order) {
    const auto numbers = std::bit_cast<__m512i>(round_to_halves(x, y));
    return std::bit_cast<Vec>(_mm512_permutexvar_epi16(std::bit_cast<__m512i>(order), numbers));
  }
  static constexpr int kLower = kRoute == Bf16Route::kPairsHighFirst ? 1 : 0;  // which of a pair is the lower half
  static constexpr Halves across_order() {
    Halves order{};
    for (int half = 0; half < 2 * kLanes; ++half)
      order[half] = static_cast<std::uint16_t>(half / 2 + kLanes * (half % 2 ^ kLower));
    return order;
  }
  static constexpr Halves along_order() {
    Halves order{};
    for (int half = 0; half < 2 * kLanes; ++half)
      order[half] = static_cast<std::uint16_t>(first(half / 2) + kApart * (half % 2 ^ kLower));
    return order;
  }
#endif

  static Vec pair(Vec first, Vec second) {
#ifdef QKVBENCH_BF16_PAIRS
    if constexpr (ByInstruction) return rounded(first, second, across_order());
#endif
#ifndef QKVBENCH_DOUBLE
    const Words a = std::bit_cast<Words>(round_bf16(first)), b = std::bit_cast<Words>(round_bf16(second));
    return std::bit_cast<Vec>(kRoute == Bf16Route::kPairsHighFirst ? a | (b >> 16) : (a >> 16) | b);
#else
    return first + second;  // never: there are no pairs of doubles
#endif
  }
  static Vec cells_of(Vec x, Vec y) {
#ifdef QKVBENCH_BF16_PAIRS
    if constexpr (ByInstruction) return rounded(x, y, along_order());
#endif
    return cells_of(x, y, simd::AllLanes{});
  }

  template <int... Lane>
  static Vec cells_of(Vec x, Vec y, std::integer_sequence<int, Lane...>) {
    return pair(simd::shuffle<static_cast<int>(first(Lane))...>(x, y),
                simd::shuffle<static_cast<int>(first(Lane) + kApart)...>(x, y));
  }

  /// The cells of a vector whose numbers begin at x; of those that are not Whole there are n.
  template <bool Whole, class Number>
  [[gnu::always_inline]] static Vec along(const Number* x, index_t n) {
    const auto part = [&](index_t begin) {
      return Whole ? load(x + begin) : load_part(x + begin, std::clamp<index_t>(n - begin, 0, kLanes));
    };
    if constexpr (kNumbers == 1)
      return round_bf16(part(0));
    else
      return cells_of(part(0), part(kLanes));
  }

  /// A cell of each of some rows or columns that lie side by side.   number: a vector of number k of each.
  template <class F>
  [[gnu::always_inline]] static Vec across(index_t cell, F number) {
    const index_t k = first(cell);
    if constexpr (kNumbers == 1)
      return round_bf16(number(k));
    else
      return pair(number(k), number(k + kApart));
  }
};

/// Numbers of a vector of cells: a block of depth is some of them.
template <class C>
constexpr index_t kOfVector = kLanes* C::kNumbers;

template <class C, bool Whole, class Number>
real* pack_block_of_rows(index_t height, const Number* row, index_t stride, index_t depth, real* out) {
  for (index_t r = 0; r < height; ++r, row += stride)
#pragma GCC unroll 8
    for (index_t k = 0; k < kBf16Depth; k += kOfVector<C>, out += kLanes)
      simd::store(out, C::template along<Whole>(row + k, depth - k));
  return out;
}

template <class C, class Number>
void pack_rows(index_t height, index_t depth, StridedView<Number> a, real* out) {
  index_t k = 0;
  for (; k + kBf16Depth <= depth; k += kBf16Depth)
    out = pack_block_of_rows<C, true>(height, a.data + k, a.row_stride, kBf16Depth, out);
  if (k < depth) pack_block_of_rows<C, false>(height, a.data + k, a.row_stride, depth - k, out);
}

/// A square of cells of which each vector holds one step of depth, turned.   out: n rows of C::kOfBlock cells.
template <class C, class F>
void turn_across(index_t cell, index_t n, real* out, F number) {
  Vec square[kLanes];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) square[i] = C::across(cell + i, number);
  simd::transpose(square);
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i)
    if (i < n) simd::store(out + i * C::kOfBlock, square[i]);
}

/// The same of rows that lie side by side in memory.
template <class C, class Number>
void pack_rows_across(index_t height, index_t depth, StridedView<Number> a, real* out) {
  for (index_t cell = 0; cell < bf16_padded(depth) / C::kNumbers; cell += kLanes)
    for (index_t r = 0; r < height; r += kLanes) {
      const index_t n = std::min<index_t>(kLanes, height - r);
      const Number* x = a.data + r;
      real* to = out + cell / C::kOfBlock * C::kOfBlock * height + r * C::kOfBlock + cell % C::kOfBlock;
      if (n == kLanes && (cell + kLanes) * C::kNumbers <= depth)
        turn_across<C>(cell, kLanes, to, [=](index_t k) { return load(x + k * a.col_stride); });
      else
        turn_across<C>(cell, n, to, [=](index_t k) { return k < depth ? load_part(x + k * a.col_stride, n) : Vec{}; });
    }
}

/// Cells of `depth` numbers each of what lies side by side in memory, a step of depth after the other.
/// load(row, j): of a row of memory the vector from column j on.
template <class C, class Number, class Load>
void pack_steps(index_t depth, const Number* row, index_t stride, index_t width, real* out, Load load) {
  constexpr index_t kGroup = 4 / C::kNumbers;  // four numbers are whole cells of every kind
  index_t k = 0;
  for (; k + 4 <= depth; k += 4, row += 4 * stride, out += kGroup * width)
#pragma GCC unroll 4
    for (index_t cell = 0; cell < kGroup; ++cell)
      for (index_t j = 0; j < width; j += kLanes)
        simd::store(out + cell * width + j, C::across(cell, [&](index_t n) { return load(row + n * stride, j); }));
  for (; k < bf16_padded(depth); k += 4, row += 4 * stride, out += kGroup * width)
    for (index_t cell = 0; cell < kGroup; ++cell)
      for (index_t j = 0; j < width; j += kLanes)
        simd::store(out + cell * width + j,
                    C::across(cell, [&](index_t n) { return k + n < depth ? load(row + n * stride, j) : Vec{}; }));
}

template <class C, class Number>
void pack_columns(index_t depth, index_t columns, StridedView<Number> b, index_t width, real* out) {
  if (columns == width && width % kLanes == 0)
    pack_steps<C>(depth, b.data, b.row_stride, width, out, [](const Number* row, index_t j) { return load(row + j); });
  else
    pack_steps<C>(depth, b.data, b.row_stride, width, out, [=](const Number* row, index_t j) {
      return load_part(row + j, std::clamp<index_t>(columns - j, 0, kLanes));
    });
}

/// Rows in tiles of `height` that lie side by side in memory, in RowOrder::kByDepth. Some tiles at a time, since a tile
/// is narrower than what the memory hands over at once.
template <class C, class Number>
void pack_rows_by_depth(index_t rows, index_t height, index_t depth, StridedView<Number> a, real* out) {
  constexpr index_t kMostRows = 48, kMostCells = 64;
  const index_t strip = std::max(height, kMostRows / height * height), deep = bf16_padded(depth) / C::kNumbers;
  Scratch scratch;
  real* steps = scratch.take((std::max(strip, kMostRows) + kLanes) * kMostCells + kLanes);
  for (index_t r = 0; r < rows; r += strip) {
    const index_t n = std::min(strip, rows - r), width = (n + kLanes - 1) / kLanes * kLanes;
    for (index_t k = 0; k < depth; k += kMostCells * C::kNumbers) {
      const index_t d = std::min(kMostCells * C::kNumbers, depth - k), cells = bf16_padded(d) / C::kNumbers;
      pack_columns<C>(d, n, a.from(r, k).transposed(), width, steps);
      for (index_t t = 0; t < n; t += height) {
        const index_t h = std::min(height, n - t);
        real* to = out + (r + t) * deep + k / C::kNumbers * h;
        for (index_t cell = 0; cell < cells; ++cell)
          for (index_t j = 0; j < h; j += kLanes)
            simd::store_part(to + cell * h + j, simd::load(steps + cell * width + t + j),
                             std::min<index_t>(kLanes, h - j));
      }
    }
  }
}

/// The same of columns that are contiguous in memory.
template <class C, class Number>
void pack_columns_along(index_t depth, index_t columns, StridedView<Number> b, index_t width, real* out) {
  for (index_t j = 0; j < width; j += kLanes)
    for (index_t cell = 0; cell < bf16_padded(depth) / C::kNumbers; cell += kLanes) {
      const Number* from = b.data + j * b.col_stride + cell * C::kNumbers;
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
#ifdef QKVBENCH_BF16_PAIRS
  static const bool rounds = cpu_has_avx512_bf16();  // every processor with AMX does
  if (rounds) switch (route) {
      case Bf16Route::kPairsHighFirst: return f(Cells<Bf16Route::kPairsHighFirst, true>{});
      case Bf16Route::kPairsLowFirst: return f(Cells<Bf16Route::kPairsLowFirst, true>{});
      case Bf16Route::kTiles: return f(Cells<Bf16Route::kTiles, true>{});
      default: break;
    }
#endif
  switch (route) {
    case Bf16Route::kRounded: return f(Cells<Bf16Route::kRounded>{});
    case Bf16Route::kPairsHighFirst: return f(Cells<Bf16Route::kPairsHighFirst>{});
    case Bf16Route::kPairsLowFirst: return f(Cells<Bf16Route::kPairsLowFirst>{});
    case Bf16Route::kTiles: return f(Cells<Bf16Route::kTiles>{});
  }
}

/// A copy of a view that is contiguous in neither direction.   out: [rows, columns], written.
template <class Number>
StridedView<Number> contiguous(index_t rows, index_t columns, StridedView<Number> m, Number* out) {
  for (index_t i = 0; i < rows; ++i)
    for (index_t j = 0; j < columns; ++j) out[i * columns + j] = *m.from(i, j).data;
  return {out, columns, 1};
}

}  // namespace

RowOrder bf16_row_order(Bf16Route route, index_t row_stride, index_t col_stride) {
  return route != Bf16Route::kTiles && row_stride == 1 && col_stride != 1 ? RowOrder::kByDepth : RowOrder::kByRow;
}

template <class Number>
void pack_bf16_rows(Bf16Route route, RowOrder order, index_t rows, index_t height, index_t depth, StridedView<Number> a,
                    real* out) {
  if (a.col_stride != 1 && a.row_stride != 1) {
    Scratch scratch;
    const auto copy = contiguous(rows, depth, a, scratch.take<Number>(rows * depth));
    return pack_bf16_rows(route, order, rows, height, depth, copy, out);
  }
  with_cells(route, [=]<class C>(C) {
    if (order == RowOrder::kByDepth) return pack_rows_by_depth<C>(rows, height, depth, a, out);
    const index_t deep = bf16_padded(depth) / C::kNumbers;
    for (index_t r = 0; r < rows; r += height) {
      const index_t n = std::min(height, rows - r);
      a.col_stride == 1 ? pack_rows<C>(n, depth, a.from(r, 0), out + r * deep)
                        : pack_rows_across<C>(n, depth, a.from(r, 0), out + r * deep);
    }
  });
}

template <class Number>
void pack_bf16_columns(Bf16Route route, index_t depth, index_t columns, StridedView<Number> b, index_t width,
                       real* out) {
  if (b.col_stride != 1 && b.row_stride != 1) {
    Scratch scratch;
    const auto copy = contiguous(depth, columns, b, scratch.take<Number>(depth * columns));
    return pack_bf16_columns(route, depth, columns, copy, width, out);
  }
  with_cells(route, [&]<class C>(C) {
    b.col_stride == 1 ? pack_columns<C>(depth, columns, b, width, out)
                      : pack_columns_along<C>(depth, columns, b, width, out);
  });
}

template void pack_bf16_rows(Bf16Route, RowOrder, index_t, index_t, index_t, MatrixView, real*);
template void pack_bf16_rows(Bf16Route, RowOrder, index_t, index_t, index_t, Bf16View, real*);
template void pack_bf16_columns(Bf16Route, index_t, index_t, MatrixView, index_t, real*);
template void pack_bf16_columns(Bf16Route, index_t, index_t, Bf16View, index_t, real*);

}  // namespace qkvbench::kernels
