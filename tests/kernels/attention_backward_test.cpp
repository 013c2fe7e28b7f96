// The backward pass of attention against its stated formula, for any o and lse and not only those of a forward pass.
// With consistent o and lse each row of dS sums to zero, so a missing gradient of the row terms would not show.
#include "kernels/naive.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using kernels::AttentionSize;

struct Case {
  AttentionSize size;
  std::vector<real> d_o, q, k, v, terms, o, lse;
};

struct Gradients {
  Doubles dq, dk, dv, dterms;
};

/// One pair of positions: P, dS, and what they send to every gradient.
void add_pair(const Case& c, const Doubles& scores, index_t b, index_t h, index_t i, index_t j, Gradients& out) {
  const AttentionSize& s = c.size;
  const index_t g = h / (s.H / s.G), row = (b * s.H + h) * s.T + i;
  const index_t qi = ((b * s.T + i) * s.H + h) * s.D, kj = ((b * s.T + j) * s.G + g) * s.D;
  const double alpha = 1 / std::sqrt(static_cast<double>(s.D)), sigma = at(c.terms, 0);
  const double p = std::exp(at(scores, row * s.T + j) - at(c.lse, row));
  double dp = 0, delta = 0, product = 0;
  for (index_t d = 0; d < s.D; ++d) {
    dp += at(c.d_o, qi + d) * at(c.v, kj + d);
    delta += at(c.d_o, qi + d) * at(c.o, qi + d);
    product += at(c.q, qi + d) * at(c.k, kj + d);
  }
  const double ds = p * (dp - delta);
  for (index_t d = 0; d < s.D; ++d) {
    at(out.dv, kj + d) += p * at(c.d_o, qi + d);
    at(out.dq, qi + d) += sigma * alpha * ds * at(c.k, kj + d);
    at(out.dk, kj + d) += sigma * alpha * ds * at(c.q, qi + d);
  }
  at(out.dterms, 0) += ds * alpha * product;
  at(out.dterms, 1 + i) += ds;
  at(out.dterms, 1 + s.T + j) += ds;
}

Gradients naive_backward(const Case& c) {
  const AttentionSize& s = c.size;
  const Doubles scores = naive_scores(s, c.q, c.k, c.terms);
  Gradients out{Doubles(c.q.size()), Doubles(c.k.size()), Doubles(c.v.size()), Doubles(c.terms.size())};
  for (index_t b = 0; b < s.B; ++b)
    for (index_t h = 0; h < s.H; ++h)
      for (index_t i = 0; i < s.T; ++i)
        for (index_t j = 0; j < (s.causal ? i + 1 : s.T); ++j) add_pair(c, scores, b, h, i, j, out);
  return out;
}

Case make_case(const AttentionSize& s) {
  const index_t qn = s.B * s.T * s.H * s.D, kn = s.B * s.T * s.G * s.D;
  return {s,
          normals(qn, 1),
          normals(qn, 2),
          normals(kn, 3),
          normals(kn, 4),
          normals(kernels::score_bias_size(s.T), 5, 0.5),
          normals(qn, 6),
          normals(s.B * s.H * s.T, 7, 0.3, 3)};
}

}  // namespace

TEST_CASE("attention_backward is its formula for any o and lse", "[kernels]") {
  for (const bool causal : {false, true})
    for (const AttentionSize& s :
         {AttentionSize::plain(2, 5, 6, 3, 3, causal), AttentionSize::plain(2, 16, 2, 2, 8, causal),
          AttentionSize::plain(1, 140, 2, 1, 3, causal)}) {
      const Case c = make_case(s);
      const Gradients wanted = naive_backward(c);
      std::vector<real> dq(c.q.size()), dk(c.k.size()), dv(c.v.size()), dterms(c.terms.size());
      poison_scratch();
      kernels::attention_backward(s, c.d_o.data(), c.q.data(), c.k.data(), c.v.data(), c.terms.data(), c.o.data(),
                                  c.lse.data(), dq.data(), dk.data(), dv.data(), dterms.data());
      const auto near = [](const std::vector<real>& got, const Doubles& want) {
        double scale = 1;
        for (const double x : want) scale = std::max(scale, std::abs(x));
        return max_difference(got, want) / scale;
      };
      INFO("T " << s.T << ", H " << s.H << ", G " << s.G << ", causal " << causal);
      CHECK(near(dq, wanted.dq) <= 3e-6);
      CHECK(near(dk, wanted.dk) <= 3e-6);
      CHECK(near(dv, wanted.dv) <= 3e-6);
      CHECK(near(dterms, wanted.dterms) <= 3e-6);
    }
}

}  // namespace qkvbench::testing
