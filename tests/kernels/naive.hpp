// Plain double-precision forms of the kernels, written from the formulas and not from the kernels.
// Slow on purpose: every sum is a loop.
#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "qkvbench/kernels/attention.hpp"

namespace qkvbench::testing {

using Doubles = std::vector<double>;

inline double at(const std::vector<real>& x, index_t i) { return static_cast<double>(x[static_cast<std::size_t>(i)]); }
inline double& at(Doubles& x, index_t i) { return x[static_cast<std::size_t>(i)]; }
inline double at(const Doubles& x, index_t i) { return x[static_cast<std::size_t>(i)]; }

/// Scores [B, H, T, T] before the softmax; `terms` may be empty.
inline Doubles naive_scores(const kernels::AttentionSize& s, const std::vector<real>& q, const std::vector<real>& k,
                            const std::vector<real>& terms) {
  Doubles out(static_cast<std::size_t>(s.B * s.H * s.T * s.T));
  index_t n = 0;
  for (index_t b = 0; b < s.B; ++b)
    for (index_t h = 0; h < s.H; ++h)
      for (index_t i = 0; i < s.T; ++i)
        for (index_t j = 0; j < s.T; ++j) {
          const index_t g = h / (s.H / s.G);
          double x = 0;
          for (index_t d = 0; d < s.D; ++d)
            x += at(q, ((b * s.T + i) * s.H + h) * s.D + d) * at(k, ((b * s.T + j) * s.G + g) * s.D + d);
          x /= std::sqrt(static_cast<double>(s.D));
          if (!terms.empty()) x = x * at(terms, 0) + at(terms, 1 + i) + at(terms, 1 + s.T + j);
          if (s.relative) x += at(terms, 2 * s.T + s.T + j - i);
          at(out, n++) = s.causal && j > i ? -std::numeric_limits<double>::infinity() : x;
        }
  return out;
}

/// Output [B, T, H, D] and log-sum-exp [B, H, T] of attention.
struct NaiveAttention {
  Doubles o, lse;
};
inline NaiveAttention naive_attention(const kernels::AttentionSize& s, const std::vector<real>& q,
                                      const std::vector<real>& k, const std::vector<real>& v,
                                      const std::vector<real>& terms) {
  const Doubles scores = naive_scores(s, q, k, terms);
  NaiveAttention out{Doubles(static_cast<std::size_t>(s.B * s.T * s.H * s.D)),
                     Doubles(static_cast<std::size_t>(s.B * s.H * s.T))};
  for (index_t row = 0; row < s.B * s.H * s.T; ++row) {
    const index_t b = row / (s.H * s.T), h = row / s.T % s.H, i = row % s.T, g = h / (s.H / s.G);
    double top = -std::numeric_limits<double>::infinity(), total = 0;
    for (index_t j = 0; j < s.T; ++j) top = std::max(top, at(scores, row * s.T + j));
    for (index_t j = 0; j < s.T; ++j) total += std::exp(at(scores, row * s.T + j) - top);
    at(out.lse, row) = top + std::log(total);
    for (index_t j = 0; j < s.T; ++j) {
      const double p = std::exp(at(scores, row * s.T + j) - top) / total;
      for (index_t d = 0; d < s.D; ++d)
        at(out.o, ((b * s.T + i) * s.H + h) * s.D + d) += p * at(v, ((b * s.T + j) * s.G + g) * s.D + d);
    }
  }
  return out;
}

}  // namespace qkvbench::testing
