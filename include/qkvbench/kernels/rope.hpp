// Rotary positions: pairs of channels of each head turn by an angle that grows with the position.
// Which channels turn, and how they pair, is data; tables of angles are the caller's.
#pragma once
#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

/// Which channels of a head turn. Pair j < pairs is, of the `span` channels from `offset` on, (j, j + span/2), or
/// (2j, 2j + 1) when interleaved; all other channels stay as they are.
struct RopeSize {
  index_t width;  ///< of a head
  index_t offset, span, pairs;
  bool interleaved;
};

/// table[p] = [cos(p·θ_0) … cos(p·θ_{pairs-1}), sin(p·θ_0) …], θ_j = base^(-2j/span), for `n` positions from `first`
/// on. table: [n, 2·pairs], written.   Source: Su et al., "RoFormer", section 3.
void rope_table(index_t first, index_t n, const RopeSize& size, double base, real* table);

/// Row (b, t) of x turns by `direction` (1 or -1) times the angles of position starts[b] + t (starts null: t):
///   (a, b) becomes (a·cos - b·sin, a·sin + b·cos).
/// x, y: [B, T, heads, width]; y written, or accumulated when `accumulate`; table: rope_table() from position 0 on.
/// The backward pass is the same map of dy in the other direction.
void rope(index_t B, index_t T, index_t heads, const RopeSize& size, const real* table, const index_t* starts,
          int direction, const real* x, real* y, bool accumulate);

}  // namespace qkvbench::kernels
