// The product's loops: blocks that stay in cache around a micro-kernel that stays in registers.
// Not a BLAS: no alpha, no triangular or banded forms, one number type.
//
// Structure (after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008): the
// right-hand side is packed into panels of kNr columns that stay in the first-level cache, while tiles of kMr rows
// of the left-hand side stream past it. Zero padding makes a narrow last panel take the same path.
#include "qkvbench/kernels/matmul.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/parallel.hpp"
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
constexpr index_t kMc = 16 * kMr;
constexpr index_t kNc = 16 * kNr;

/// Where a tile's sums go.
struct Target {
  real* c;
  index_t row_stride;
  index_t columns;  // columns of this panel that exist
  const real* bias;
  const real* residual;
  bool add;
};

/// Full: all V vectors of columns exist, which spares the partial loads and stores.
template <int R, int V, bool Full>
[[gnu::always_inline]] inline void store_tile(const Vec (&sums)[R][V], const Target t) {
#pragma GCC unroll 2
  for (int v = 0; v < V; ++v) {
    const index_t n = Full ? kLanes : std::min<index_t>(kLanes, t.columns - v * kLanes);
    const Vec bias = t.bias ? simd::load_part(t.bias + v * kLanes, n) : Vec{};
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      real* c = t.c + r * t.row_stride + v * kLanes;
      Vec y = sums[r][v] + bias;
      if (t.residual) y += simd::load_part(t.residual + r * t.row_stride + v * kLanes, n);
      if (t.add) y += simd::load_part(c, n);
      simd::store_part(c, y, n);
    }
  }
}

/// R rows times V vectors of columns: sums over depth, then the store. `panel` is [depth, V * kLanes].
/// Packed: `a` is [depth, R] and its strides are not read.
template <int R, int V, bool Packed>
void micro_kernel(index_t depth, Matrix a, const real* panel, const Target& t) {
  Vec sums[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sums[r][v] = Vec{};
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {  // the sums will be stored there: ask for the lines while the loop runs
    __builtin_prefetch(t.c + r * t.row_stride, 1);
    __builtin_prefetch(t.c + r * t.row_stride + (V - 1) * kLanes, 1);
  }
  const real* column = a.data;
  const index_t row_stride = Packed ? 1 : a.row_stride;
  for (index_t k = 0; k < depth; ++k, column += Packed ? R : a.col_stride, panel += V * kLanes) {
    Vec b[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) b[v] = simd::load(panel + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vec x = simd::broadcast(column[r * row_stride]);
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[r][v] += x * b[v];
    }
  }
  if (t.columns >= V * kLanes)
    store_tile<R, V, true>(sums, t);
  else
    store_tile<R, V, false>(sums, t);
}

using MicroKernel = void (*)(index_t, Matrix, const real*, const Target&);

template <int V, bool Packed, int... R>
constexpr std::array<MicroKernel, sizeof...(R)> by_height(std::integer_sequence<int, R...>) {
  return {micro_kernel<R + 1, V, Packed>...};
}
template <int V, bool Packed>
constexpr auto kByHeight = by_height<V, Packed>(std::make_integer_sequence<int, kMr>{});

MicroKernel pick_kernel(index_t height, bool wide, bool packed) {
  const auto at = static_cast<std::size_t>(height - 1);
  if (wide) return packed ? kByHeight<2, true>[at] : kByHeight<2, false>[at];
  return packed ? kByHeight<1, true>[at] : kByHeight<1, false>[at];
}

/// Copies b[0..depth, 0..columns] into a panel of `width` columns, zeros behind the last column.
void pack_panel(index_t depth, index_t columns, Matrix b, index_t width, real* panel) {
  if (b.col_stride == 1) {
    for (index_t k = 0; k < depth; ++k, panel += width)
      for (index_t j = 0; j < width; j += kLanes) {
        const index_t n = std::min<index_t>(kLanes, columns - j);
        simd::store(panel + j, n > 0 ? simd::load_part(b.data + k * b.row_stride + j, n) : Vec{});
      }
    return;
  }
  for (index_t j = 0; j < width; ++j) {
    const real* column = b.data + j * b.col_stride;
    if (j < columns)
      for (index_t k = 0; k < depth; ++k) panel[k * width + j] = column[k * b.row_stride];
    else
      for (index_t k = 0; k < depth; ++k) panel[k * width + j] = 0;
  }
}

/// Height of tile i of `tiles` over `rows`: nearly equal, so that 16 rows make 8 + 8 and not 12 + 4.
index_t tile_begin(index_t rows, index_t tiles, index_t i) { return rows * i / tiles; }

/// Copies R rows that lie side by side (row stride 1) to [depth, R]: a size that the compiler knows is a few moves.
template <int R>
void pack_columns(index_t depth, const real* a, index_t a_col, real* out) {
  for (index_t k = 0; k < depth; ++k) std::memcpy(out + k * R, a + k * a_col, R * sizeof(real));
}

using PackColumns = void (*)(index_t, const real*, index_t, real*);
template <int... R>
constexpr std::array<PackColumns, sizeof...(R)> pack_by_height(std::integer_sequence<int, R...>) {
  return {pack_columns<R + 1>...};
}
constexpr auto kPackByHeight = pack_by_height(std::make_integer_sequence<int, kMr>{});

/// Copies tile after tile of a[0..rows, 0..depth] to [depth, height] each.
void pack_left(index_t rows, index_t tiles, index_t depth, Matrix a, real* out) {
  for (index_t i = 0; i < tiles; ++i) {
    const index_t begin = tile_begin(rows, tiles, i), height = tile_begin(rows, tiles, i + 1) - begin;
    const real* tile = a.data + begin * a.row_stride;
    if (a.row_stride == 1)
      kPackByHeight[static_cast<std::size_t>(height - 1)](depth, tile, a.col_stride, out);
    else
      for (index_t k = 0; k < depth; ++k)
        for (index_t r = 0; r < height; ++r) out[k * height + r] = tile[r * a.row_stride + k * a.col_stride];
    out += depth * height;
  }
}

/// Asks for the next block of rows a little at a time, while this block is being multiplied: rows come from memory that
/// is far slower than the tiles use them, and are too short for the processor to see a pattern in.
class ReadAhead {
 public:
  /// Spreads the lines of a[0..rows, 0..depth] over so many calls of some(). Short rows that follow each other are left
  /// to the processor, which sees a pattern in them.
  ReadAhead(Matrix a, index_t rows, index_t depth, index_t calls)
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
  Matrix a_;
  index_t depth_, rows_, share_, row_ = 0, column_ = 0;
};

/// One panel of columns for all rows of a block. `packed` is null or what pack_left wrote.
void panel_product(index_t rows, index_t depth, Matrix a, const real* packed, const real* panel, bool wide,
                   const Target& t, ReadAhead& ahead) {
  const index_t tiles = (rows + kMr - 1) / kMr;
  for (index_t i = 0; i < tiles; ++i) {
    const index_t begin = tile_begin(rows, tiles, i), height = tile_begin(rows, tiles, i + 1) - begin;
    Target tile = t;
    tile.c += begin * t.row_stride;
    if (tile.residual) tile.residual += begin * t.row_stride;
    const Matrix left{packed ? packed + begin * depth : a.data + begin * a.row_stride, a.row_stride, a.col_stride};
    pick_kernel(height, wide, packed != nullptr)(depth, left, panel, tile);
    ahead.some();
  }
}

}  // namespace

void matmul_serial(index_t M, index_t N, index_t K, Matrix a, Matrix b, real* c, index_t ldc, Store store) {
  Scratch scratch;
  real* packed = scratch.take(std::min(kKc, std::max<index_t>(K, 1)) * ((std::min(N, kNc) + kNr - 1) / kNr * kNr));
  const bool pack = a.col_stride != 1;  // rows that are not contiguous are worth a copy in the order of use
  real* left_packed = pack ? scratch.take(std::min(kKc, std::max<index_t>(K, 1)) * std::min(M, kMc)) : nullptr;
  for (index_t jc = 0; jc < N; jc += kNc) {
    const index_t columns = std::min(kNc, N - jc);
    index_t k = 0;
    do {  // once even for K = 0, so that bias and residual are stored
      const index_t depth = std::min(kKc, K - k);
      const bool first = k == 0, last = k + depth >= K;
      for (index_t j = 0; j < columns; j += kNr) {
        const index_t width = columns - j <= kLanes ? kLanes : kNr;
        pack_panel(depth, std::min<index_t>(kNr, columns - j),
                   {b.data + k * b.row_stride + (jc + j) * b.col_stride, b.row_stride, b.col_stride}, width,
                   packed + j * depth);
      }
      for (index_t ic = 0; ic < M; ic += kMc) {
        const index_t rows = std::min(kMc, M - ic);
        const Matrix left{a.data + ic * a.row_stride + k * a.col_stride, a.row_stride, a.col_stride};
        const index_t calls = (rows + kMr - 1) / kMr * ((columns + kNr - 1) / kNr);
        ReadAhead ahead({left.data + rows * a.row_stride, a.row_stride, a.col_stride}, std::min(kMc, M - ic - rows),
                        depth, calls);
        if (pack) pack_left(rows, (rows + kMr - 1) / kMr, depth, left, left_packed);
        for (index_t j = 0; j < columns; j += kNr) {
          const index_t at = ic * ldc + jc + j;
          panel_product(
              rows, depth, left, left_packed, packed + j * depth, columns - j > kLanes,
              {c + at, ldc, std::min<index_t>(kNr, columns - j), last && store.bias ? store.bias + jc + j : nullptr,
               last && store.residual ? store.residual + at : nullptr, !first || store.accumulate},
              ahead);
        }
      }
      k += depth;
    } while (k < K);
  }
}

void matmul(index_t M, index_t N, index_t K, Matrix a, Matrix b, real* c, index_t ldc, Store store) {
  // Whole tiles for each thread, along the side that has more of them. Which thread computes an element does not
  // change its bits, so this split may follow the number of threads.
  const index_t row_tiles = (M + kMr - 1) / kMr, column_tiles = (N + kNr - 1) / kNr;
  const bool by_rows = row_tiles >= column_tiles;
  const index_t tiles = by_rows ? row_tiles : column_tiles, tile = by_rows ? kMr : kNr;
  const index_t shares = std::min<index_t>(tiles, threads());
  parallel_for(shares, [&](index_t i) {
    const index_t begin = tiles * i / shares * tile;
    const index_t end = std::min(tiles * (i + 1) / shares * tile, by_rows ? M : N);
    Store part = store;
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
