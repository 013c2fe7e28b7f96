// The two kernels of a decoding step against their formulas in double precision, and for any number of threads.
// Whole models are compared with the full forward pass in tests/nn.
#include "qkvbench/kernels/decode_attention.hpp"

#include "kernels/naive.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/linear.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

/// One row and head by the formula.
Doubles naive_step(const kernels::CachedAttentionSize& s, index_t b, index_t h, const std::vector<real>& q,
                   const std::vector<real>& k, const std::vector<real>& v, index_t length,
                   const std::vector<real>& terms) {
  const index_t g = h * s.G / s.H;
  Doubles weights, o(static_cast<std::size_t>(s.D), 0);
  double total = 0;
  for (index_t j = 0; j < length; ++j) {
    double x = 0;
    for (index_t d = 0; d < s.D; ++d)
      x += at(q, (b * s.H + h) * s.D + d) * at(k, ((b * s.G + g) * s.capacity + j) * s.D + d);
    x /= std::sqrt(static_cast<double>(s.D));
    if (!terms.empty()) x = x * at(terms, 0) + at(terms, length) + at(terms, 1 + s.capacity + j);
    if (s.relative) x += at(terms, 2 * s.capacity + s.capacity + j - (length - 1));
    weights.push_back(std::exp(x));
    total += weights.back();
  }
  for (index_t j = 0; j < length; ++j)
    for (index_t d = 0; d < s.D; ++d)
      at(o, d) += at(weights, j) / total * at(v, ((b * s.G + g) * s.capacity + j) * s.D + d);
  return o;
}

kernels::CachedArrays real_arrays(const std::vector<real>& k, const std::vector<real>& v) {
  return {kernels::NumberFormat::kFp32, kernels::real_rows(k.data(), 1).data, nullptr,
          kernels::real_rows(v.data(), 1).data};
}

}  // namespace

TEST_CASE("cached attention follows its formula, with and without terms, for short and long rows", "[kernels]") {
  for (const index_t capacity : {5, 600})
    for (const index_t D : {3, 16, 19})
      for (const int term : {0, 1, 2}) {  // none, a row and a column, and the distance too
        const bool with_terms = term > 0;
        auto s = kernels::CachedAttentionSize::plain(3, capacity, 6, 2, D);
        s.relative = term == 2;
        const auto q = normals(s.B * s.H * D, 1), k = normals(s.B * capacity * s.G * D, 2),
                   v = normals(s.B * capacity * s.G * D, 3);
        const auto terms = with_terms ? normals(kernels::score_bias_size(capacity, term == 2), 4) : std::vector<real>{};
        const std::vector<index_t> lengths{1, capacity, capacity / 2 + 1};
        std::vector<std::vector<real>> results;
        for (const int threads : {1, 2, 5}) {
          set_threads(threads);
          results.emplace_back(q.size(), NAN);
          kernels::decode_attention(s, q.data(), real_arrays(k, v), lengths.data(), with_terms ? terms.data() : nullptr,
                                    results.back().data());
          CHECK(results.back() == results.front());
        }
        set_threads(1);
        double most = 0;
        for (index_t b = 0; b < s.B; ++b)
          for (index_t h = 0; h < s.H; ++h) {
            const Doubles o = naive_step(s, b, h, q, k, v, lengths[static_cast<std::size_t>(b)], terms);
            for (index_t d = 0; d < D; ++d) {
              const double error = std::abs(at(results[0], (b * s.H + h) * D + d) - at(o, d));
              if (!(error <= most)) most = error;
            }
          }
        INFO("capacity " << capacity << ", D " << D << ", terms " << term);
        CHECK(most <= 3e-6);
      }
}

TEST_CASE("scores that are far apart do not overflow across pieces", "[kernels]") {
  const auto s = kernels::CachedAttentionSize::plain(1, 300, 1, 1, 1);
  std::vector<real> k(300, 0), v(300, 1), o(1);
  k[3] = 500, v[3] = 2, k[299] = 1000, v[299] = 3;
  const real q = 1;
  const index_t length = 300;
  kernels::decode_attention(s, &q, real_arrays(k, v), &length, nullptr, o.data());
  CHECK(o[0] == 3);
}

TEST_CASE("a step's affine map follows its formula", "[kernels]") {
  for (const index_t R : {1, 3, 8})
    for (const index_t I : {1, 16, 37})
      for (const index_t O : {1, 4, 1003}) {
        const auto x = normals(R * I, 1), w = normals(O * I, 2), b = normals(O, 3), residual = normals(R * O, 4);
        std::vector<std::vector<real>> results;
        for (const int threads : {1, 3}) {
          set_threads(threads);
          results.emplace_back(residual.size(), NAN);
          kernels::linear_decode_forward(R, I, O, x.data(), kernels::real_rows(w.data(), I), b.data(), residual.data(),
                                         results.back().data());
        }
        set_threads(1);
        CHECK(results[0] == results[1]);
        double most = 0;
        for (index_t r = 0; r < R; ++r)
          for (index_t o = 0; o < O; ++o) {
            double y = at(b, o) + at(residual, r * O + o);
            for (index_t i = 0; i < I; ++i) y += at(x, r * I + i) * at(w, o * I + i);
            const double error = std::abs(at(results[0], r * O + o) - y);
            if (!(error <= most)) most = error;
          }
        CHECK(most <= 1e-5);
      }
}

}  // namespace qkvbench::testing
