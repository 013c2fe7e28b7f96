// Scaled dot-product attention as one operation, forward and backward, with head sharing and an additive score term.
// Never holds a [B, H, T, T] array: scores live in one tile of query rows and are computed again backward.
#pragma once
#include "qkvbench/kernels/number_format.hpp"

namespace qkvbench::kernels {

/// 1/√D, the scale of the scores where nothing else is said.
real default_scale(index_t D);

/// Sizes of one attention. Query head h reads key/value head ⌊h·G/H⌋; G divides H.
struct AttentionSize {
  index_t B, T, H, G;
  index_t D, F;  ///< width of a query and key head, and of a value head
  bool causal;
  real scale;                                   ///< α of the scores
  bool relative = false;                        ///< terms have a part that goes by j - i
  NumberFormat operands = NumberFormat::kFp32;  ///< to what both sides of each product are rounded, as in matmul

  /// Values as wide as keys, and the default scale.
  static AttentionSize plain(index_t B, index_t T, index_t H, index_t G, index_t D, bool causal) {
    return {B, T, H, G, D, D, causal, default_scale(D)};
  }
};

/// Length of a score-term vector for T positions: [σ, row(T), column(T)] and, if relative, [shift(2T - 1)].
inline constexpr index_t score_bias_size(index_t T, bool relative = false) {
  return 1 + 2 * T + (relative ? 2 * T - 1 : 0);
}

/// Per head: S[i,j] = σ·α·q_i·k_j + row[i] + column[j] (+ shift[T - 1 + j - i] if relative); j > i left out when
/// causal; o = softmax_j(S)·v. q: [B, T, H, D]; k: [B, T, G, D]; v: [B, T, G, F] (any of them may be the same array);
/// terms: [score_bias_size] or null (σ = 1, rest 0); o: [B, T, H, F] and lse: [B, H, T] (log of the softmax's
/// denominator), written. Source: the paper, section 3; for the terms its official code, whose P·w is a row term plus a
/// column term.
void attention_forward(const AttentionSize& size, const real* q, const real* k, const real* v, const real* terms,
                       real* o, real* lse);

/// Adds to dq, dk, dv (and dterms) what `do_` sends back; all accumulated, and any of dq, dk, dv may be the same
/// array when G = H. Shapes as in attention_forward; o and lse are its results.
///   P = exp(S - lse), dP = do·vᵀ, dS = P∘(dP - rowsum(do∘o)), dv += Pᵀ·do, dq += σα·dS·k, dk += σα·dSᵀ·q,
///   dσ += Σ dS∘(α·q·kᵀ), drow[i] += Σ_j dS, dcolumn[j] += Σ_i dS, dshift[T - 1 + d] += Σ_{j-i=d} dS.   Source: Dao et
///   al., FlashAttention, appendix B.
void attention_backward(const AttentionSize& size, const real* do_, const real* q, const real* k, const real* v,
                        const real* terms, const real* o, const real* lse, real* dq, real* dk, real* dv, real* dterms);

/// The scores S before the softmax, for looking at. Left-out pairs are -infinity.   scores: [B, H, T, T], written.
void attention_scores(const AttentionSize& size, const real* q, const real* k, const real* terms, real* scores);

/// table[p] = [pe(p; ⌊m/2⌋) ; pe(p; m - ⌊m/2⌋)], pe(p; n)[2c] = sin(p·10000^(-2c/n)), pe(p; n)[2c+1] = cos(the same).
/// table: [T, m], written.   Source: the 2D positional encoding of the paper's official code.
void position_table(index_t T, index_t m, real* table);

/// table[p] = pe(p; m), for terms that go by the distance.   table: [T, m], written.
void distance_table(index_t T, index_t m, real* table);

/// What the positional term is. A softmax over j cancels what is the same for a whole row, so the 2D term is a scale of
/// the scores and a column term together; kColumn and kTemperature keep one of the two, kRelative is no such sum.
enum class PlusForm { k2d, kColumn, kTemperature, kRelative };

/// terms of the positional term, σ, row, column and, if relative, shift:
///   k2d: S′ = S·Σw + P·w + b, P[i,j] = [pe(i) ; pe(j)]: σ = Σw, row[i] = pe(i)·w_first + b, column[j] = pe(j)·w_last;
///   kColumn: S + pe(j)·w_last + b;   kTemperature: S·Σw + b;
///   kRelative: S + pe(i - j; m)·w + b, shift[T - 1 + j - i] = pe(i - j; m)·w, where sines of negative angles are
///   negative.
/// table: [T, m] of position_table, if relative of distance_table; w: [m]; b: [1]; terms: [score_bias_size], written.
void position_bias_forward(PlusForm form, index_t T, index_t m, const real* table, const real* w, const real* b,
                           real* terms);

/// dw += what σ, row, column and shift send back, as far as the form has them; db += Σ drow.
/// dterms: [score_bias_size]; dw: [m], db: [1], accumulated.
void position_bias_backward(PlusForm form, index_t T, index_t m, const real* table, const real* dterms, real* dw,
                            real* db);

}  // namespace qkvbench::kernels
