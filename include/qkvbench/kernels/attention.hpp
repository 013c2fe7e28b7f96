// Scaled dot-product attention as one operation, forward and backward, with head sharing and an additive score term.
// Never holds a [B, H, T, T] array: scores live in one tile of query rows and are computed again backward.
#pragma once
#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

/// 1/√D, the scale of the scores where nothing else is said.
real default_scale(index_t D);

/// Sizes of one attention. Query head h reads key/value head ⌊h·G/H⌋; G divides H.
struct AttentionSize {
  index_t B, T, H, G;
  index_t D, F;  ///< width of a query and key head, and of a value head
  bool causal;
  real scale;  ///< α of the scores

  /// Values as wide as keys, and the default scale.
  static AttentionSize plain(index_t B, index_t T, index_t H, index_t G, index_t D, bool causal) {
    return {B, T, H, G, D, D, causal, default_scale(D)};
  }
};

/// Length of a score-term vector for T positions: [σ, row(T), column(T)].
inline constexpr index_t score_bias_size(index_t T) { return 1 + 2 * T; }

/// Per head: S[i,j] = σ·α·q_i·k_j + row[i] + column[j]; j > i left out when causal; o = softmax_j(S)·v.
/// q: [B, T, H, D]; k: [B, T, G, D]; v: [B, T, G, F] (any of them may be the same array); terms: [1 + 2T] or null
/// (σ = 1, rest 0); o: [B, T, H, F] and lse: [B, H, T] (log of the softmax's denominator), written.
/// Source: the paper, section 3; for the terms its official code, whose P·w is a row term plus a column term.
void attention_forward(const AttentionSize& size, const real* q, const real* k, const real* v, const real* terms,
                       real* o, real* lse);

/// Adds to dq, dk, dv (and dterms) what `do_` sends back; all accumulated, and any of dq, dk, dv may be the same
/// array when G = H. Shapes as in attention_forward; o and lse are its results.
///   P = exp(S - lse), dP = do·vᵀ, dS = P∘(dP - rowsum(do∘o)), dv += Pᵀ·do, dq += σα·dS·k, dk += σα·dSᵀ·q,
///   dσ += Σ dS∘(α·q·kᵀ), drow[i] += Σ_j dS, dcolumn[j] += Σ_i dS.   Source: Dao et al., FlashAttention, appendix B.
void attention_backward(const AttentionSize& size, const real* do_, const real* q, const real* k, const real* v,
                        const real* terms, const real* o, const real* lse, real* dq, real* dk, real* dv, real* dterms);

/// The scores S before the softmax, for looking at. Left-out pairs are -infinity.   scores: [B, H, T, T], written.
void attention_scores(const AttentionSize& size, const real* q, const real* k, const real* terms, real* scores);

/// table[p] = [pe(p; ⌊m/2⌋) ; pe(p; m - ⌊m/2⌋)], pe(p; n)[2c] = sin(p·10000^(-2c/n)), pe(p; n)[2c+1] = cos(the same).
/// table: [T, m], written.   Source: the 2D positional encoding of the paper's official code.
void position_table(index_t T, index_t m, real* table);

/// terms of S′ = S·Σw + P·w + b, P[i,j] = [pe(i) ; pe(j)]: σ = Σw, row[i] = pe(i)·w_first + b, column[j] =
/// pe(j)·w_last. table: [T, m] of position_table; w: [m]; b: [1]; terms: [1 + 2T], written.
void position_bias_forward(index_t T, index_t m, const real* table, const real* w, const real* b, real* terms);

/// dw += dσ + what row and column send back; db += Σ drow.   dw: [m], db: [1], accumulated.
void position_bias_backward(index_t T, index_t m, const real* table, const real* dterms, real* dw, real* db);

}  // namespace qkvbench::kernels
