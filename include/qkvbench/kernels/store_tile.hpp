// The end of a product's innermost loop: sums on their way from registers into memory.
// For micro_kernel.cpp and bf16_kernel.cpp alone.
#pragma once
#include <algorithm>

#include "qkvbench/kernels/micro_kernel.hpp"

namespace qkvbench::kernels {

using simd::kLanes;
using simd::Vec;

/// Adds bias, residual and what is there to R rows of V vectors, of which not all columns need exist, and stores them.
/// at: of the first element from t.c; j: its column.
[[gnu::noinline]] inline void store_part(int R, int V, const Vec* sums, const Target& t, index_t at, index_t j) {
  for (int v = 0; v < V; ++v) {
    const index_t first = v * kLanes, n = std::min<index_t>(kLanes, t.columns - j - first);
    if (n <= 0) break;
    const Vec bias = t.bias ? simd::load_part(t.bias + j + first, n) : Vec{};
    index_t to = at + first;
    for (int r = 0; r < R; ++r, to += t.row_stride) {
      Vec y = sums[r * V + v];
      if (t.bias) y += bias;
      if (t.residual) y += simd::load_part(t.residual + to, n);
      if (t.add) y += simd::load_part(t.c + to, n);
      simd::store_part(t.c + to, y, n);
    }
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

}  // namespace qkvbench::kernels
