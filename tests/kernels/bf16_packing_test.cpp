// Cells of bf16 numbers against the views they were made from: which number lies where, for every route and stride.
#include "qkvbench/kernels/bf16_packing.hpp"

#include <algorithm>

#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using kernels::Bf16Route;
using kernels::MatrixView;
using kernels::RowOrder;
using simd::kLanes;

/// Numbers of bf16, none of them equal to another of its row or column.
std::vector<real> bf16_numbers(index_t n) {
  std::vector<real> x(static_cast<std::size_t>(n));
  for (index_t i = 0; i < n; ++i)
    x[static_cast<std::size_t>(i)] = static_cast<real>(std::bit_cast<float>(static_cast<std::uint32_t>(i + 128) << 16));
  return x;
}

/// A [rows, columns] view with gaps: rows that are contiguous, columns that are, or neither.
MatrixView view(const std::vector<real>& data, int layout, index_t rows, index_t columns) {
  if (layout == 0) return {data.data(), columns + 3};
  if (layout == 1) return MatrixView{data.data(), rows + 5}.transposed();
  return {data.data(), 2 * columns + 1, 2};
}

/// Element (i, k) of a matrix; zero behind its depth.
std::uint32_t upper_of(const MatrixView& m, index_t i, index_t k, index_t depth) {
  const real x = k < depth ? m.data[i * m.row_stride + k * m.col_stride] : 0;
  return std::bit_cast<std::uint32_t>(static_cast<float>(x)) >> 16;
}

/// The bits of a cell: number k of row i of a cell each, or two numbers.
std::uint32_t cell_of(Bf16Route route, const MatrixView& m, index_t i, index_t cell, index_t depth) {
  if (route == Bf16Route::kRounded) return upper_of(m, i, cell, depth) << 16;
  const bool tiles = route == Bf16Route::kTiles;
  const index_t k = tiles ? 2 * cell : cell / 2 * 4 + cell % 2;
  const std::uint32_t first = upper_of(m, i, k, depth), second = upper_of(m, i, k + (tiles ? 1 : 2), depth);
  return route == Bf16Route::kPairsHighFirst ? first << 16 | second : second << 16 | first;
}

std::uint32_t bits(real x) { return std::bit_cast<std::uint32_t>(static_cast<float>(x)); }

/// f(route, layout, depth) for all that there are.
template <class F>
void for_cells(F f) {
  for (const Bf16Route route :
       {Bf16Route::kRounded, Bf16Route::kPairsHighFirst, Bf16Route::kPairsLowFirst, Bf16Route::kTiles})
    for (int layout = 0; layout < 3; ++layout)
      for (const index_t depth : {1, 2, 15, 16, 17, 31, 32, 33, 96, 100}) {
        INFO("route " << static_cast<int>(route) << ", layout " << layout << ", depth " << depth);
        f(route, layout, depth);
      }
}

}  // namespace

TEST_CASE("rows in cells of bf16 lie by rows in blocks of depth, or by depth, tile behind tile", "[kernels][bf16]") {
  const auto data = bf16_numbers(20000);
  for_cells([&](Bf16Route route, int layout, index_t depth) {
    const index_t of_block = kernels::kBf16Depth / kernels::bf16_numbers_of_cell(route);
    const index_t deep = kernels::bf16_padded(depth) / kernels::bf16_numbers_of_cell(route);
    for (const index_t rows : {1, 6, 16, 17, 32})
      for (const index_t height : {rows, index_t{6}}) {
        const MatrixView a = view(data, layout, rows, depth);
        const RowOrder order = kernels::bf16_row_order(route, a.row_stride, a.col_stride);
        CHECK((order == RowOrder::kByDepth) == (layout == 1 && route != Bf16Route::kTiles));
        std::vector<real> out(static_cast<std::size_t>(rows * deep + 1), 7);
        kernels::pack_bf16_rows(route, order, rows, height, depth, a, out.data());
        bool same = out.back() == 7;
        for (index_t r = 0; r < rows; ++r)
          for (index_t c = 0; c < deep; ++c) {
            const index_t tile = r / height * height, n = std::min(height, rows - tile);
            const index_t by_row = (c / of_block * n + r - tile) * of_block + c % of_block;
            const index_t at = tile * deep + (order == RowOrder::kByRow ? by_row : c * n + r - tile);
            same = same && bits(out[static_cast<std::size_t>(at)]) == cell_of(route, a, r, c, depth);
          }
        CHECK(same);
      }
  });
}

TEST_CASE("columns in cells of bf16 lie step of depth by step, with zeros beside them", "[kernels][bf16]") {
  const auto data = bf16_numbers(20000);
  for_cells([&](Bf16Route route, int layout, index_t depth) {
    const index_t cells = kernels::bf16_padded(depth) / kernels::bf16_numbers_of_cell(route);
    for (const index_t columns : {1, 7, 16, 17, 31, 32})
      for (const index_t width : {kLanes, 2 * kLanes}) {
        if (columns > width) continue;
        const MatrixView b = view(data, layout, depth, columns);
        std::vector<real> out(static_cast<std::size_t>(cells * width + 1), 7);
        kernels::pack_bf16_columns(route, depth, columns, b, width, out.data());
        bool same = out.back() == 7;
        for (index_t c = 0; c < cells; ++c)
          for (index_t j = 0; j < width; ++j)
            same = same && bits(out[static_cast<std::size_t>(c * width + j)]) ==
                               (j < columns ? cell_of(route, b.transposed(), j, c, depth) : 0);
        CHECK(same);
      }
  });
}

}  // namespace qkvbench::testing
