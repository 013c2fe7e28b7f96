// The product's loops: blocks that stay in cache around a micro-kernel that stays in registers.
// Not a BLAS: no alpha, no triangular or banded forms, one number type.
//
// Structure (after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008): the
// right-hand side is packed into panels of kNr columns that stay in cache, while tiles of kMr rows of the left-hand
// side stream past them. Zero padding makes a narrow last panel take the same path.
#include "qkvbench/kernels/matmul.hpp"

#include <algorithm>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/matmul_bf16.hpp"
#include "qkvbench/kernels/micro_kernel.hpp"
#include "qkvbench/kernels/packing.hpp"

namespace qkvbench::kernels {

namespace {

using simd::kLanes;

constexpr index_t kKc = 256;  // depth of a block: part of the result's bits
constexpr index_t kMc = 16 * kMr, kNc = 16 * kNr;
constexpr index_t kMostDirectRows = 6 * kMr, kMostDirectStride = 128, kMostDirectPanels = 2;

/// Asks for the next block of rows a little at a time, while this block is being multiplied: rows come from memory that
/// is far slower than the tiles use them, and are too short for the processor to see a pattern in.
class RowPrefetch {
 public:
  /// Spreads the lines of a[0..rows, 0..depth] over so many calls of some(). Short rows that follow each other are left
  /// to the processor, which sees a pattern in them.
  RowPrefetch(MatrixView a, index_t rows, index_t depth, index_t calls)
      : a_(a), depth_(depth), rows_(a.col_stride == 1 && depth >= kLongRow ? rows : 0) {
    share_ = rows_ > 0 ? (rows_ * ((depth + kLine - 1) / kLine) + calls - 1) / calls : 0;
  }
  void some() {
    for (index_t i = 0; i < share_ && row_ < rows_; ++i) {
      __builtin_prefetch(a_.data + row_ * a_.row_stride + column_, 0, 2);
      column_ += kLine;
      if (column_ >= depth_) column_ = 0, ++row_;
    }
  }

 private:
  static constexpr index_t kLine = 64 / sizeof(real), kLongRow = 128;
  MatrixView a_;
  index_t depth_, rows_, share_, row_ = 0, column_ = 0;
};

/// Rows in tiles of nearly equal heights, so that 16 make 8 + 8 and not 12 + 4: the first `taller` have one more.
struct Tiles {
  index_t count, height, taller;
  explicit Tiles(index_t rows) : count((rows + kMr - 1) / kMr), height(rows / count), taller(rows - height * count) {}
  index_t height_of(index_t i) const { return height + (i < taller ? 1 : 0); }
};

/// Copies tile after tile of a[0..rows, 0..depth] to [depth, height] each.
void pack_tiles(const Tiles& tiles, index_t depth, MatrixView a, real* out) {
  for (index_t i = 0; i < tiles.count; ++i) {
    const index_t height = tiles.height_of(i);
    pack_a(height, depth, a, out);
    a.data += height * a.row_stride;
    out += height * depth;
  }
}

/// One panel, whose first column is j, for a block of rows, whose first element of c is t.c + at.
/// packed: null, or what pack_tiles wrote of the block.
void panel_product(const Tiles& tiles, index_t depth, const MatrixView& a, const real* packed, const Panel& panel,
                   const Target& t, index_t at, index_t j, RowPrefetch& ahead) {
  const bool wide = t.columns - j > kLanes, adjacent = packed || (a.row_stride == 1 && a.col_stride != 1);
  const real* rows = packed ? packed : a.data;
  const index_t next_row = packed ? depth : a.row_stride;
  for (index_t i = 0; i < tiles.count; ++i) {
    const index_t height = tiles.height_of(i);
    const MatrixView strides{nullptr, a.row_stride, packed ? height : a.col_stride};
    pick_kernel(height, wide, adjacent)(depth, rows, strides, panel, t, at, j);
    ahead.some();
    rows += height * next_row;
    at += height * t.row_stride;
  }
}

/// At most kNr columns of b, as they lie in memory if that will do, or else packed to `out`.
Panel make_panel(index_t depth, index_t columns, MatrixView b, bool direct, real* out) {
  const index_t width = columns <= kLanes ? kLanes : kNr;
  if (direct && columns == width) return {b.data, b.row_stride};
  pack_b(depth, columns, b, width, out);
  return {out, width};
}

/// At most kNc columns over one block of depth, a block of rows after the other.
/// `right`, `left`: room for all panels, and for a block of rows in the order of use or null where they stay as they
/// are.
void block_product(index_t M, index_t columns, index_t depth, MatrixView a, MatrixView b, real* right, real* left,
                   const Target& t) {
  // Few rows stay in cache while the columns pass, a panel of them after the other. Of many rows it is one tile, and
  // the panels stay: then each row of c is written from one end to the other.
  const index_t block = M <= kMc ? M : kMr;
  // Columns that lie side by side do not pay for a copy when there are few tiles of rows.
  const bool direct = b.col_stride == 1 && M <= kMostDirectRows && b.row_stride <= kMostDirectStride;
  // Rows that lie side by side, a column of the tile after the other, do not pay for a copy for a few panels.
  const bool pack = left && (a.row_stride != 1 || columns > kMostDirectPanels * kNr);
  Panel panels[kNc / kNr];
  for (index_t i = 0; i < M; i += block) {
    const index_t rows = std::min(block, M - i), next = std::min(block, M - i - rows);
    const MatrixView here{a.data + i * a.row_stride, a.row_stride, a.col_stride};
    const Tiles tiles(rows);
    if (pack) pack_tiles(tiles, depth, here, left);
    RowPrefetch ahead({here.data + rows * a.row_stride, a.row_stride, a.col_stride}, next, depth,
                      tiles.count * ((columns + kNr - 1) / kNr));
    for (index_t j = 0; j < columns; j += kNr) {
      Panel& panel = panels[j / kNr];
      if (i == 0)
        panel = make_panel(depth, std::min<index_t>(kNr, columns - j),
                           {b.data + j * b.col_stride, b.row_stride, b.col_stride}, direct, right + j * depth);
      panel_product(tiles, depth, here, pack ? left : nullptr, panel, t, i * t.row_stride + j, j, ahead);
    }
  }
}

}  // namespace

void matmul_serial(index_t M, index_t N, index_t K, MatrixView a, MatrixView b, real* c, index_t ldc, Epilogue store,
                   NumberFormat operands) {
  if (operands == NumberFormat::kBf16) return matmul_bf16_serial(bf16_route(), M, N, K, a, b, c, ldc, store);
  Scratch scratch;
  const index_t most_depth = std::min(kKc, std::max<index_t>(K, 1));
  real* right = scratch.take(most_depth * ((std::min(N, kNc) + kNr - 1) / kNr * kNr));
  // Rows that are not contiguous are worth a copy in the order of use.
  const bool copy = a.col_stride != 1;
  real* left = copy ? scratch.take(most_depth * std::min(M, kMc) + kLanes) : nullptr;
  for (index_t j = 0; j < N; j += kNc) {
    index_t k = 0;
    do {  // once even for K = 0, so that bias and residual are stored
      const index_t depth = std::min(kKc, K - k);
      const bool first = k == 0, last = k + depth >= K;
      block_product(M, std::min(kNc, N - j), depth, a.from(0, k), b.from(k, j), right, left,
                    {c + j, ldc, N - j, last && store.bias ? store.bias + j : nullptr,
                     last && store.residual ? store.residual + j : nullptr, !first || store.accumulate});
      k += depth;
    } while (k < K);
  }
}

namespace {

/// Shares out the work along the side that has more tiles. Which thread computes an element does not change its bits,
/// so this split may follow the number of threads.   serial(M, N, a, b, c, store): a part of the product.
template <class A, class B, class F>
void share(index_t M, index_t N, A a, B b, real* c, index_t ldc, const Epilogue& store, F serial) {
  const index_t row_tiles = (M + kMr - 1) / kMr, column_tiles = (N + kNr - 1) / kNr;
  const bool by_rows = row_tiles >= column_tiles;
  const index_t shares = std::min<index_t>(by_rows ? row_tiles : column_tiles, threads());
  parallel_for(shares, [&](index_t i) {
    // Rows are cut evenly, since tiles need not be full; columns at whole panels.
    const index_t begin = by_rows ? M * i / shares : column_tiles * i / shares * kNr;
    const index_t end = by_rows ? M * (i + 1) / shares : std::min(column_tiles * (i + 1) / shares * kNr, N);
    Epilogue part = store;
    if (by_rows) {
      if (part.residual) part.residual += begin * ldc;
      serial(end - begin, N, a.from(begin, 0), b, c + begin * ldc, part);
    } else {
      if (part.bias) part.bias += begin;
      if (part.residual) part.residual += begin;
      serial(M, end - begin, a, b.from(0, begin), c + begin, part);
    }
  });
}

template <class A, class B>
void share_bf16(index_t M, index_t N, index_t K, A a, B b, real* c, index_t ldc, const Epilogue& store) {
  const Bf16Route route = bf16_route();
  share(M, N, a, b, c, ldc, store, [=](index_t m, index_t n, A rows, B columns, real* to, const Epilogue& part) {
    matmul_bf16_serial(route, m, n, K, rows, columns, to, ldc, part);
  });
}

}  // namespace

void matmul(index_t M, index_t N, index_t K, MatrixView a, MatrixView b, real* c, index_t ldc, Epilogue store,
            NumberFormat operands) {
  if (operands == NumberFormat::kBf16) return share_bf16(M, N, K, a, b, c, ldc, store);
  share(M, N, a, b, c, ldc, store,
        [=](index_t m, index_t n, MatrixView rows, MatrixView columns, real* to, const Epilogue& part) {
          matmul_serial(m, n, K, rows, columns, to, ldc, part);
        });
}

void matmul_bf16(index_t M, index_t N, index_t K, Bf16View a, MatrixView b, real* c, index_t ldc, Epilogue store) {
  share_bf16(M, N, K, a, b, c, ldc, store);
}

void matmul_bf16(index_t M, index_t N, index_t K, MatrixView a, Bf16View b, real* c, index_t ldc, Epilogue store) {
  share_bf16(M, N, K, a, b, c, ldc, store);
}

const char* matmul_name() { return "native"; }

}  // namespace qkvbench::kernels
