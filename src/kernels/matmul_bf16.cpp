// Blocks that stay in cache around the tiles of bf16_kernel.hpp. The packing rounds, so every operand is copied.
#include "qkvbench/kernels/matmul_bf16.hpp"

#include <algorithm>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/kernels/bf16_kernel.hpp"
#include "qkvbench/kernels/bf16_packing.hpp"

namespace qkvbench::kernels {

namespace {

constexpr index_t kKc = 512;  // depth of a block: part of the result's bits
constexpr index_t kNc = 16 * kNr, kMostRowsAtOnce = 256;

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
void block_product(Bf16Route route, index_t M, index_t columns, index_t depth, MatrixView a, MatrixView b, real* right,
                   real* left, const Target& t) {
  const index_t deep = bf16_padded(depth) / bf16_numbers_of_cell(route);  // cells of a row or column
  // Few rows stay in cache while the columns pass, a panel of them after the other. Of many it is one tile, and the
  // panels stay: then each row of c is written from one end to the other.
  const index_t block = M <= kMostRowsAtOnce ? M : bf16_tile_rows(route).most;
  for (index_t i = 0; i < M; i += block) {
    const Tiles tiles(route, std::min(block, M - i));
    for (index_t r = 0; r < tiles.rows; r += tiles.height)
      pack_bf16_rows(route, tiles.height_at(r), depth, {a.data + (i + r) * a.row_stride, a.row_stride, a.col_stride},
                     left + r * deep);
    for (index_t j = 0; j < columns; j += kNr) {
      const index_t n = std::min<index_t>(kNr, columns - j), width = n <= simd::kLanes ? simd::kLanes : kNr;
      const Panel panel{right + j * deep, width};
      if (i == 0)
        pack_bf16_columns(route, depth, n, {b.data + j * b.col_stride, b.row_stride, b.col_stride}, width,
                          right + j * deep);
      for (index_t r = 0; r < tiles.rows; r += tiles.height)
        bf16_tile(route, tiles.height_at(r), depth, left + r * deep, panel, t, (i + r) * t.row_stride + j, j);
    }
  }
}

}  // namespace

void matmul_bf16_serial(Bf16Route route, index_t M, index_t N, index_t K, MatrixView a, MatrixView b, real* c,
                        index_t ldc, const Epilogue& store) {
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
      block_product(route, M, std::min(kNc, N - j), depth, {a.data + k * a.col_stride, a.row_stride, a.col_stride},
                    {b.data + k * b.row_stride + j * b.col_stride, b.row_stride, b.col_stride}, right, left,
                    {c + j, ldc, N - j, last && store.bias ? store.bias + j : nullptr,
                     last && store.residual ? store.residual + j : nullptr, !first || store.accumulate});
      k += depth;
    } while (k < K);
  }
}

}  // namespace qkvbench::kernels
