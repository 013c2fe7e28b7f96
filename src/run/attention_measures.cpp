// A softmax in double, and sums over its rows.
// Means over examples are the caller's.
#include "qkvbench/run/attention_measures.hpp"

#include <algorithm>
#include <cmath>

namespace qkvbench::run {

std::vector<double> attention_probabilities(const real* scores, index_t T) {
  std::vector<double> p(scores, scores + T * T);
  for (index_t i = 0; i < T; ++i) {
    const auto row = p.begin() + i * T;
    const double largest = *std::max_element(row, row + T);
    double total = 0;
    for (index_t j = 0; j < T; ++j) total += row[j] = std::exp(row[j] - largest);
    for (index_t j = 0; j < T; ++j) row[j] /= total;
  }
  return p;
}

double asymmetry(const std::vector<double>& x, index_t T) {
  double total = 0;
  for (index_t i = 0; i < T; ++i)
    for (index_t j = 0; j < T; ++j)
      total += std::abs(x[static_cast<std::size_t>(i * T + j)] - x[static_cast<std::size_t>(j * T + i)]);
  return total / static_cast<double>(T * T);
}

HeadAttention measure_attention(const real* scores, index_t T) {
  const std::vector<double> p = attention_probabilities(scores, T);
  HeadAttention out;
  double most = 0;  // the entropy of even attention
  for (index_t i = 0; i < T; ++i) {
    index_t seen = 0;
    for (index_t j = 0; j < T; ++j) {
      const double share = p[static_cast<std::size_t>(i * T + j)];
      seen += std::isinf(scores[i * T + j]) ? 0 : 1;
      if (share > 0) out.entropy -= share * std::log(share);
      out.distance += share * static_cast<double>(std::abs(i - j));
      if (j == i) out.diagonal += share;
      if (j + 1 == i) out.previous += share;
    }
    most += std::log(static_cast<double>(seen));
  }
  const auto n = static_cast<double>(T);
  out.entropy_share = most > 0 ? out.entropy / most : NAN;
  out.entropy /= n;
  out.distance /= n;
  out.diagonal /= n;
  out.previous = T > 1 ? out.previous / (n - 1) : NAN;
  const double scores_apart = asymmetry(std::vector<double>(scores, scores + T * T), T);
  out.score_asymmetry = std::isfinite(scores_apart) ? scores_apart : NAN;
  out.probability_asymmetry = asymmetry(p, T);
  return out;
}

}  // namespace qkvbench::run
