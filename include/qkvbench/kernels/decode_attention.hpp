// Attention of one new position of each row over the keys and values that a cache holds: one step of decoding.
// Forward only; a whole window goes through attention.hpp.
#pragma once
#include "qkvbench/kernels/number_format.hpp"

namespace qkvbench::kernels {

/// Sizes of a step. Query head h reads key/value head ⌊h·G/H⌋; G divides H.
struct CachedAttentionSize {
  index_t B, capacity, H, G;
  index_t D, F;           ///< channels of a key that are compared, and of a value
  index_t key_width;      ///< of the rows whose first D numbers are keys; at least D
  index_t shared;         ///< channels of the key that all heads share; 0: there is none
  real scale;             ///< α of the scores
  bool relative = false;  ///< terms have a part that goes by the distance, as attention_forward's

  /// Values as wide as keys, nothing shared, and the default scale.
  static CachedAttentionSize plain(index_t B, index_t capacity, index_t H, index_t G, index_t D);
};

/// What a cache holds, a row of numbers for each position. Any two may be the same array.
struct CachedArrays {
  NumberFormat format;
  const std::byte* k;         ///< [B, G, capacity] rows of key_width
  const std::byte* k_shared;  ///< [B, capacity] rows of `shared`, or null
  const std::byte* v;         ///< [B, G, capacity] rows of F
};

/// Row b attends to its positions 0 … lengths[b] - 1, the last of which is the new one:
///   S[j] = σ·α·(q·k_j + q_shared·k_shared_j) + row[i] + column[j], i = lengths[b] - 1;  o = softmax_j(S)·v.
/// q: [B, H, D + shared], a head's shared channels behind the others; o: [B, H, F], written; lengths: [B],
/// 1 … capacity; terms: [1 + 2·capacity] (σ, row, column as in attention.hpp) or null.
/// Positions are summed in pieces of 256, in order, so the bits do not depend on the number of threads.
/// Source: paper section 3; the pieces: Dao et al., "Flash-Decoding", 2023; the shared key: DeepSeek-V2, section 2.1.
void decode_attention(const CachedAttentionSize& size, const real* q, const CachedArrays& cached,
                      const index_t* lengths, const real* terms, real* o);

}  // namespace qkvbench::kernels
