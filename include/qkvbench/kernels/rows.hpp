// Loops over the rows of a [R, C] array, in blocks whose size depends on the array alone.
// The one place that decides how row-wise kernels are cut into pieces of work and how their sums are ordered.
#pragma once
#include <algorithm>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/parallel.hpp"

namespace qkvbench::kernels {

/// Rows in one piece of work: as many as have at most 4096 numbers together, one at least.
inline index_t row_grain(index_t C) { return std::max<index_t>(1, 4096 / std::max<index_t>(1, C)); }

/// Calls f(begin, end) for blocks of rows, in parallel. The rows must not depend on each other.
template <class F>
void for_row_blocks(index_t R, index_t C, F&& f) {
  parallel_ranges(R, row_grain(C), f);
}

/// out[0..C) += Σ_rows: f(begin, end, partial) adds a block's rows to a zeroed partial sum, the partial sums are
/// added in order. There are at most 32 blocks, which depend on R and C alone, so the bits do not depend on the number
/// of threads.
template <class F>
void sum_over_rows(index_t R, index_t C, real* out, F&& f) {
  constexpr index_t kMostBlocks = 32;
  const index_t grain = std::max(row_grain(C), (R + kMostBlocks - 1) / kMostBlocks);
  const index_t blocks = (R + grain - 1) / grain;
  Scratch scratch;
  real* partial = scratch.take(blocks * C);
  parallel_for(blocks, [&](index_t i) {
    std::fill_n(partial + i * C, C, real{0});
    f(i * grain, std::min(R, (i + 1) * grain), partial + i * C);
  });
  for (index_t i = 0; i < blocks; ++i)
    for (index_t c = 0; c < C; ++c) out[c] += partial[i * C + c];
}

}  // namespace qkvbench::kernels
