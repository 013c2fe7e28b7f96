// Blocks that stay in cache around the tiles of bf16_kernel.hpp. The packing rounds, so every operand is copied.
#include "qkvbench/kernels/matmul_bf16.hpp"

#include <algorithm>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/kernels/bf16_kernel.hpp"
#include "qkvbench/kernels/bf16_packing.hpp"

namespace qkvbench::kernels {

namespace {

constexpr index_t kKc = 512;  // depth of a block: part of the result's bits
constexpr index_t kNc = 16 * kNr, kMostRowsAtOnce = 256, kTilesAtOnce = 8;

/// Rows in tiles of one height, as even as the route's steps allow; the last may have fewer.
struct Tiles {
  index_t rows, height;
  Tiles(Bf16Route route, index_t rows_) : rows(rows_) {
    const TileRows tile = bf16_tile_rows(route);
    const index_t count = (rows + tile.most - 1) / tile.most, even = (rows + count - 1) / count;
    height = (even + tile.step - 1) / tile.step * tile.step;
  }
  index_t height_at(index_t row) const { return std::min(height, rows - row); }
};

/// At most kNc columns over one block of depth, a block of rows after the other.   right, left: room for the cells of
/// all columns and of one block of rows.
template <class A, class B>
void block_product(Bf16Route route, index_t M, index_t columns, index_t depth, A a, B b, real* right, real* left,
                   const Target& t) {
  const index_t deep = bf16_padded(depth) / bf16_numbers_of_cell(route);  // cells of a row or column
  const RowOrder order = bf16_row_order(route, a.row_stride, a.col_stride);
  const auto panel = [=](index_t j) {
    return Panel{right + j * deep, columns - j <= simd::kLanes ? simd::kLanes : kNr};
  };
  const auto pack_panel = [=](index_t j) {
    pack_bf16_columns(route, depth, std::min<index_t>(kNr, columns - j), b.from(0, j), panel(j).stride,
                      right + j * deep);
  };
  const auto pack_rows = [=](const Tiles& tiles, index_t i) {
    pack_bf16_rows(route, order, tiles.rows, tiles.height, depth, a.from(i, 0), left);
  };
  const auto multiply = [=](const Tiles& tiles, index_t i, index_t r, index_t j) {
    bf16_tile(route, order, tiles.height_at(r), depth, left + r * deep, panel(j), t, (i + r) * t.row_stride + j, j);
  };
  // Few rows stay in cache while the columns pass, a panel of them after the other. Of many it is the panels that stay:
  // then each row of c is written from one end to the other.
  if (M <= kMostRowsAtOnce) {
    const Tiles tiles(route, M);
    pack_rows(tiles, 0);
    for (index_t j = 0; j < columns; j += kNr) {
      pack_panel(j);
      for (index_t r = 0; r < M; r += tiles.height) multiply(tiles, 0, r, j);
    }
    return;
  }
  for (index_t j = 0; j < columns; j += kNr) pack_panel(j);
  const index_t block = kTilesAtOnce * bf16_tile_rows(route).most;
  for (index_t i = 0; i < M; i += block) {
    const Tiles tiles(route, std::min(block, M - i));
    pack_rows(tiles, i);
    for (index_t r = 0; r < tiles.rows; r += tiles.height)
      for (index_t j = 0; j < columns; j += kNr) multiply(tiles, i, r, j);
  }
}

}  // namespace

template <class A, class B>
void matmul_bf16_serial(Bf16Route route, index_t M, index_t N, index_t K, A a, B b, real* c, index_t ldc,
                        const Epilogue& store) {
  if (M == 0 || N == 0) return;
  const FlushSubnormals flush;  // in the stores too, so that all routes do the same
  const TileUnit unit(route);
  Scratch scratch;
  const index_t deep = bf16_padded(std::min(kKc, K)) / bf16_numbers_of_cell(route);
  real* right = scratch.take(deep * ((std::min(N, kNc) + kNr - 1) / kNr * kNr));
  real* left = scratch.take(deep * std::min(M, kMostRowsAtOnce) + kBf16Room);
  for (index_t j = 0; j < N; j += kNc) {
    index_t k = 0;
    do {  // once even for K = 0, so that bias and residual are stored
      const index_t depth = std::min(kKc, K - k);
      const bool first = k == 0, last = k + depth >= K;
      block_product(route, M, std::min(kNc, N - j), depth, a.from(0, k), b.from(k, j), right, left,
                    {c + j, ldc, N - j, last && store.bias ? store.bias + j : nullptr,
                     last && store.residual ? store.residual + j : nullptr, !first || store.accumulate});
      k += depth;
    } while (k < K);
  }
}

template void matmul_bf16_serial(Bf16Route, index_t, index_t, index_t, MatrixView, MatrixView, real*, index_t,
                                 const Epilogue&);
template void matmul_bf16_serial(Bf16Route, index_t, index_t, index_t, Bf16View, MatrixView, real*, index_t,
                                 const Epilogue&);
template void matmul_bf16_serial(Bf16Route, index_t, index_t, index_t, MatrixView, Bf16View, real*, index_t,
                                 const Epilogue&);

}  // namespace qkvbench::kernels
