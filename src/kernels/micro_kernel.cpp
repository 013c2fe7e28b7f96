// The tile's loop and its store, compiled for every height, width and order of operands.
// Which of them is used, and on what, matmul.cpp decides.
#include "qkvbench/kernels/micro_kernel.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "qkvbench/kernels/bf16.hpp"

namespace qkvbench::kernels {

namespace {

using simd::kLanes;
using simd::Vec;

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

/// R rows times V vectors of columns: sums over depth, then the store at t.c + at, which is in column j.
/// rows: the first of R rows with the strides of `a`, whose row stride is 1 when Adjacent.
template <int R, int V, bool Adjacent, bool Pairs>
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
      for (int v = 0; v < V; ++v) {
        if constexpr (Pairs)
          sums[r][v] = add_pairs(sums[r][v], x, b[v]);
        else
          sums[r][v] += x * b[v];
      }
    }
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) group[g] = simd::opaque(group[g] + col_stride);
  }
  store_tile<R, V>(sums, t, at, j);
}

template <int V, bool Adjacent, bool Pairs, int... R>
constexpr std::array<MicroKernel, sizeof...(R)> by_height(std::integer_sequence<int, R...>) {
  return {micro_kernel<R + 1, V, Adjacent, Pairs>...};
}
template <int V, bool Adjacent, bool Pairs>
constexpr auto kByHeight = by_height<V, Adjacent, Pairs>(std::make_integer_sequence<int, kMr>{});

template <bool Pairs>
MicroKernel pick(std::size_t at, bool wide, bool adjacent) {
  if (wide) return adjacent ? kByHeight<2, true, Pairs>[at] : kByHeight<2, false, Pairs>[at];
  return adjacent ? kByHeight<1, true, Pairs>[at] : kByHeight<1, false, Pairs>[at];
}

}  // namespace

MicroKernel pick_kernel(index_t height, bool wide, bool adjacent, [[maybe_unused]] bool pairs) {
  const auto at = static_cast<std::size_t>(height - 1);
#ifndef QKVBENCH_DOUBLE
  if (pairs) return pick<true>(at, wide, adjacent);
#endif
  return pick<false>(at, wide, adjacent);
}

}  // namespace qkvbench::kernels
