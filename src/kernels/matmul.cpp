// The product's loops: blocks that stay in cache around a micro-kernel that stays in registers.
// Not a BLAS: no alpha, no triangular or banded forms, one number type.
//
// Structure (after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008): the
// right-hand side is packed into panels of kNr columns that stay in cache, while tiles of kMr rows of the left-hand
// side stream past them. Zero padding makes a narrow last panel take the same path.
#include "qkvbench/kernels/matmul.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/packing.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

namespace {

using simd::kLanes;
using simd::Vec;

#if defined(__AVX512F__) || defined(__ARM_NEON)  // 32 vector registers
constexpr int kMr = 12;
#else  // 16 vector registers
constexpr int kMr = 6;
#endif
constexpr int kNr = 2 * kLanes;
constexpr index_t kKc = 256;  // depth of a block: part of the result's bits
constexpr index_t kMc = 16 * kMr, kNc = 16 * kNr;
constexpr index_t kMostDirectRows = 6 * kMr, kMostDirectStride = 128, kMostDirectPanels = 2;

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

/// Adds bias, residual and what is there to R rows of V vectors, of which not all columns exist, and stores them.
/// at: of the first element from t.c; j: its column.
[[gnu::noinline]] void store_part(int R, int V, const Vec* sums, const Target& t, index_t at, index_t j) {
  for (int r = 0; r < R; ++r, at += t.row_stride)
    for (int v = 0; v < V; ++v) {
      const index_t first = v * kLanes, n = std::min<index_t>(kLanes, t.columns - j - first);
      if (n <= 0) break;
      Vec y = sums[r * V + v];
      if (t.bias) y += simd::load_part(t.bias + j + first, n);
      if (t.residual) y += simd::load_part(t.residual + at + first, n);
      if (t.add) y += simd::load_part(t.c + at + first, n);
      simd::store_part(t.c + at + first, y, n);
    }
}

/// sums += rows in memory, `stride` apart.
template <int R, int V>
[[gnu::always_inline]] inline void add_rows(Vec (&sums)[R][V], const real* rows, index_t stride) {
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r, rows = simd::opaque(rows + stride))
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sums[r][v] += simd::load(rows + v * kLanes);
}

template <int R, int V>
[[gnu::always_inline]] inline void store_tile(Vec (&sums)[R][V], const Target& t, index_t at, index_t j) {
  if (t.columns - j < V * kLanes) {
    Vec spilled[R * V];  // a copy, so that the sums themselves have no address and stay in registers
#pragma GCC unroll 32
    for (int i = 0; i < R * V; ++i) spilled[i] = sums[i / V][i % V];
    return store_part(R, V, spilled, t, at, j);
  }
  const index_t stride = t.row_stride;
  if (t.bias) add_rows<R, V>(sums, t.bias + j, 0);
  if (t.residual) add_rows<R, V>(sums, t.residual + at, stride);
  if (t.add) add_rows<R, V>(sums, t.c + at, stride);
  real* c = simd::opaque(t.c + at);
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r, c = simd::opaque(c + stride))
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) simd::store(c + v * kLanes, sums[r][v]);
}

/// A panel of columns: row k begins at data + k · stride and has V vectors.
struct Panel {
  const real* data;
  index_t stride;
};

/// R rows times V vectors of columns: sums over depth, then the store at t.c + at, which is in column j.
/// rows: the first of R rows with the strides of `a`, whose row stride is 1 when Adjacent.
template <int R, int V, bool Adjacent>
void micro_kernel(index_t depth, const real* rows, const MatrixView& a, const Panel& panel, const Target& t, index_t at,
                  index_t j) {
  Vec sums[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sums[r][v] = Vec{};
  // The sums will be stored there: ask for the lines while the loop below runs.
  const real* line = t.c + at;
#pragma GCC unroll 1
  for (int r = 0; r < R; ++r, line += t.row_stride) {
    __builtin_prefetch(line, 1);
    __builtin_prefetch(line + (V - 1) * kLanes, 1);
  }
  // Addresses of four rows are one pointer and multiples of the stride that addressing knows: so they fit registers.
  constexpr int kTogether = Adjacent ? R : 4, kGroups = (R + kTogether - 1) / kTogether;
  const index_t row_stride = Adjacent ? 1 : a.row_stride, col_stride = a.col_stride;
  const real* group[kGroups];
#pragma GCC unroll 4
  for (int g = 0; g < kGroups; ++g) group[g] = rows + g * kTogether * row_stride;
  const real* row = panel.data;
  for (index_t k = 0; k < depth; ++k, row += panel.stride) {
    Vec b[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) b[v] = simd::load(row + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vec x = simd::broadcast(group[r / kTogether][r % kTogether * row_stride]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[r][v] += x * b[v];
    }
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) group[g] = simd::opaque(group[g] + col_stride);
  }
  store_tile<R, V>(sums, t, at, j);
}

using MicroKernel = void (*)(index_t, const real*, const MatrixView&, const Panel&, const Target&, index_t, index_t);

template <int V, bool Adjacent, int... R>
constexpr std::array<MicroKernel, sizeof...(R)> by_height(std::integer_sequence<int, R...>) {
  return {micro_kernel<R + 1, V, Adjacent>...};
}
template <int V, bool Adjacent>
constexpr auto kByHeight = by_height<V, Adjacent>(std::make_integer_sequence<int, kMr>{});

MicroKernel pick_kernel(index_t height, bool wide, bool adjacent) {
  const auto at = static_cast<std::size_t>(height - 1);
  if (wide) return adjacent ? kByHeight<2, true>[at] : kByHeight<2, false>[at];
  return adjacent ? kByHeight<1, true>[at] : kByHeight<1, false>[at];
}

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
      if (i == 0) {
        const index_t n = std::min<index_t>(kNr, columns - j), width = n <= kLanes ? kLanes : kNr;
        const MatrixView from{b.data + j * b.col_stride, b.row_stride, b.col_stride};
        const bool as_it_is = direct && n == width;
        panel = as_it_is ? Panel{from.data, from.row_stride} : Panel{right + j * depth, width};
        if (!as_it_is) pack_b(depth, n, from, width, right + j * depth);
      }
      panel_product(tiles, depth, here, pack ? left : nullptr, panel, t, i * t.row_stride + j, j, ahead);
    }
  }
}

}  // namespace

void matmul_serial(index_t M, index_t N, index_t K, MatrixView a, MatrixView b, real* c, index_t ldc, Epilogue store) {
  Scratch scratch;
  const index_t most_depth = std::min(kKc, std::max<index_t>(K, 1));
  real* right = scratch.take(most_depth * ((std::min(N, kNc) + kNr - 1) / kNr * kNr));
  // Rows that are not contiguous are worth a copy in the order of use.
  real* left = a.col_stride != 1 ? scratch.take(most_depth * std::min(M, kMc) + kLanes) : nullptr;
  for (index_t j = 0; j < N; j += kNc) {
    index_t k = 0;
    do {  // once even for K = 0, so that bias and residual are stored
      const index_t depth = std::min(kKc, K - k);
      const bool first = k == 0, last = k + depth >= K;
      block_product(M, std::min(kNc, N - j), depth, {a.data + k * a.col_stride, a.row_stride, a.col_stride},
                    {b.data + k * b.row_stride + j * b.col_stride, b.row_stride, b.col_stride}, right, left,
                    {c + j, ldc, N - j, last && store.bias ? store.bias + j : nullptr,
                     last && store.residual ? store.residual + j : nullptr, !first || store.accumulate});
      k += depth;
    } while (k < K);
  }
}

void matmul(index_t M, index_t N, index_t K, MatrixView a, MatrixView b, real* c, index_t ldc, Epilogue store) {
  // Along the side that has more tiles. Which thread computes an element does not change its bits, so this split may
  // follow the number of threads.
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
      matmul_serial(end - begin, N, K, {a.data + begin * a.row_stride, a.row_stride, a.col_stride}, b, c + begin * ldc,
                    ldc, part);
    } else {
      if (part.bias) part.bias += begin;
      if (part.residual) part.residual += begin;
      matmul_serial(M, end - begin, K, a, {b.data + begin * b.col_stride, b.row_stride, b.col_stride}, c + begin, ldc,
                    part);
    }
  });
}

const char* matmul_name() { return "native"; }

}  // namespace qkvbench::kernels
