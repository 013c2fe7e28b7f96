// The tile's loop and its store, compiled for every height, width and order of operands.
// Which of them is used, and on what, matmul.cpp decides.
#include "qkvbench/kernels/micro_kernel.hpp"

#include <array>
#include <utility>

#include "qkvbench/kernels/store_tile.hpp"

namespace qkvbench::kernels {

namespace {

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

template <int V, bool Adjacent, int... R>
constexpr std::array<MicroKernel, sizeof...(R)> by_height(std::integer_sequence<int, R...>) {
  return {micro_kernel<R + 1, V, Adjacent>...};
}
template <int V, bool Adjacent>
constexpr auto kByHeight = by_height<V, Adjacent>(std::make_integer_sequence<int, kMr>{});

}  // namespace

MicroKernel pick_kernel(index_t height, bool wide, bool adjacent) {
  const auto at = static_cast<std::size_t>(height - 1);
  if (wide) return adjacent ? kByHeight<2, true>[at] : kByHeight<2, false>[at];
  return adjacent ? kByHeight<1, true>[at] : kByHeight<1, false>[at];
}

}  // namespace qkvbench::kernels
