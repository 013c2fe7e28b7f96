// Attention of one new position of each row over the keys and values that a cache holds: one step of decoding.
// Forward only; a whole window goes through attention.hpp.
#pragma once
#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

/// Sizes of a step. Query head h reads key/value head ⌊h·G/H⌋; G divides H.
struct CachedAttentionSize {
  index_t B, capacity, H, G, D;
};

/// Row b attends to its positions 0 … lengths[b] - 1, the last of which is the new one:
///   S[j] = σ·α·q·k_j + row[i] + column[j], α = 1/√D, i = lengths[b] - 1;  o = softmax_j(S)·v.
/// q, o: [B, H, D], o written; k, v: [B, G, capacity, D] (may be the same array); lengths: [B], 1 … capacity;
/// terms: [1 + 2·capacity] (σ, row, column as in attention.hpp) or null.
/// Positions are summed in pieces of 256, in order, so the bits do not depend on the number of threads.
/// Source: paper section 3; the pieces: Dao et al., "Flash-Decoding", 2023.
void cached_attention(const CachedAttentionSize& size, const real* q, const real* k, const real* v,
                      const index_t* lengths, const real* terms, real* o);

}  // namespace qkvbench::kernels
