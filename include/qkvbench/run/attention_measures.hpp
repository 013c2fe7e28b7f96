// What a map of attention is like, in numbers: how even, how far, how symmetric.
// Not where scores come from (nn/score_reader).
#pragma once
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::run {

/// One head, means over examples and queries. NaN where it does not exist.
struct HeadAttention {
  double entropy = 0;                ///< −Σ p ln p, nats
  double entropy_share = 0;          ///< the same over that of even attention to all positions that may be seen
  double distance = 0;               ///< Σ p |i − j|, positions
  double score_asymmetry = 0;        ///< mean |S − Sᵀ| over all pairs; NaN where a mask leaves some out
  double probability_asymmetry = 0;  ///< mean |P − Pᵀ| over all pairs
  double diagonal = 0;               ///< share that a position gives itself
  double previous = 0;               ///< share that it gives the position before it; the first position has none
};

/// P = softmax of each row.   scores: [T, T]; result: [T, T].
std::vector<double> attention_probabilities(const real* scores, index_t T);

/// mean |x − xᵀ|   x: [T, T]
double asymmetry(const std::vector<double>& x, index_t T);

/// Of one example.   scores: [T, T], pairs that a mask leaves out −infinity.
HeadAttention measure_attention(const real* scores, index_t T);

}  // namespace qkvbench::run
