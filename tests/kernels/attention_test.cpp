// Attention forward against the plain formula, the scores for looking at, and the tables of the positional term.
// The backward pass is checked in double precision in tests/autograd.
#include "qkvbench/kernels/attention.hpp"

#include "kernels/naive.hpp"
#include "support/bf16_route.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using kernels::AttentionSize;

/// Inputs of one case. `shared_query`: q and k are one array; `shared_value`: k and v are.
void check(const AttentionSize& s, bool with_terms, bool shared_query, bool shared_value, double spread = 1) {
  INFO("B " << s.B << ", T " << s.T << ", H " << s.H << ", G " << s.G << ", D " << s.D << ", causal " << s.causal
            << ", terms " << with_terms << ", q=k " << shared_query << ", k=v " << shared_value);
  const auto k = normals(s.B * s.T * s.G * s.D, 2, spread);
  const auto q = shared_query ? k : normals(s.B * s.T * s.H * s.D, 1, spread);
  const auto v = shared_value ? k : normals(s.B * s.T * s.G * s.D, 3);
  const auto terms = with_terms ? normals(kernels::score_bias_size(s.T, s.relative), 4) : std::vector<real>{};
  std::vector<real> o(static_cast<std::size_t>(s.B * s.T * s.H * s.D), NAN),
      lse(static_cast<std::size_t>(s.B * s.H * s.T), NAN);
  poison_scratch();
  kernels::attention_forward(s, q.data(), shared_query ? q.data() : k.data(), v.data(),
                             with_terms ? terms.data() : nullptr, o.data(), lse.data());
  const NaiveAttention wanted = naive_attention(s, q, k, v, terms);
  CHECK(max_difference(o, wanted.o) <= 3e-6 * spread * spread);
  CHECK(max_difference(lse, wanted.lse) <= 3e-6 * spread * spread);
}

}  // namespace

TEST_CASE("attention agrees with the formula", "[kernels]") {
  for (const bool causal : {false, true})
    for (const bool terms : {false, true})
      for (const bool shared_value : {false, true}) {
        for (const index_t G : {6, 3, 2, 1})
          check(AttentionSize::plain(2, 9, 6, G, 5, causal), terms, false, shared_value);
        check(AttentionSize::plain(2, 9, 3, 3, 5, causal), terms, true, shared_value);
        check(AttentionSize::plain(1, 1, 2, 1, 1, causal), terms, false, shared_value);
        check(AttentionSize::plain(2, 16, 2, 2, 16, causal), terms, true, shared_value);
        check(AttentionSize::plain(1, 33, 2, 1, 8, causal), terms, false, shared_value);
      }
}

TEST_CASE("attention with products in bf16 is the formula to eight bits, the same in each route", "[kernels][bf16]") {
  for (const bool causal : {false, true})
    for (const index_t T : {9, 33, 200}) {
      AttentionSize s = AttentionSize::plain(2, T, 4, 2, 7, causal);
      const auto q = normals(s.B * T * s.H * s.D, 1), k = normals(s.B * T * s.G * s.D, 2),
                 v = normals(s.B * T * s.G * s.D, 3), d = normals(s.B * T * s.H * s.D, 4);
      const auto terms = normals(kernels::score_bias_size(T), 5);
      /// o, dq, dk, dv and dterms.
      const auto both_ways = [&](kernels::NumberFormat operands, kernels::Bf16Route route) {
        s.operands = operands;
        const WithBf16Route with(route);
        std::vector<real> out(2 * q.size() + 2 * k.size() + terms.size()), lse(static_cast<std::size_t>(s.B * s.H * T));
        real *o = out.data(), *dq = o + q.size(), *dk = dq + q.size(), *dv = dk + k.size(), *dt = dv + k.size();
        poison_scratch();
        kernels::attention_forward(s, q.data(), k.data(), v.data(), terms.data(), o, lse.data());
        kernels::attention_backward(s, d.data(), q.data(), k.data(), v.data(), terms.data(), o, lse.data(), dq, dk, dv,
                                    dt);
        return out;
      };
      INFO("T " << T << ", causal " << causal);
      const auto rounded = both_ways(kernels::NumberFormat::kBf16, kernels::Bf16Route::kRounded);
      for (const kernels::Bf16Route route : bf16_routes())
        CHECK(rounded == both_ways(kernels::NumberFormat::kBf16, route));
      const auto fp32 = both_ways(kernels::NumberFormat::kFp32, kernels::Bf16Route::kRounded);
      double difference = 0, size = 0;
      for (std::size_t i = 0; i < fp32.size(); ++i) {
        difference += std::pow(static_cast<double>(rounded[i] - fp32[i]), 2);
        size += std::pow(static_cast<double>(fp32[i]), 2);
      }
      CHECK(difference <= 1e-4 * size);  // a hundredth; half a unit in the last place is 1/512
      CHECK(difference > 1e-8 * size);
    }
}

TEST_CASE("attention agrees with the formula with a term that goes by the distance", "[kernels]") {
  for (const bool causal : {false, true})
    for (const index_t T : {1, 9, 16, 33, 130, 300}) {
      AttentionSize s = AttentionSize::plain(2, T, 2, 1, 3, causal);
      s.relative = true;
      check(s, true, false, false);
    }
}

TEST_CASE("attention agrees with the formula over several query tiles", "[kernels]") {
  for (const bool causal : {false, true})
    for (const index_t T : {127, 128, 129, 300}) check(AttentionSize::plain(1, T, 2, 1, 3, causal), true, false, true);
  check(AttentionSize::plain(1, 700, 1, 1, 4, true), false, false, false);
}

TEST_CASE("attention with scores that overflow without their maximum", "[kernels]") {
  for (const bool causal : {false, true}) check(AttentionSize::plain(1, 20, 1, 1, 4, causal), false, true, false, 20);
}

TEST_CASE("attention_scores agrees with the formula", "[kernels]") {
  for (const bool causal : {false, true})
    for (const bool with_terms : {false, true})
      for (const index_t G : {4, 2, 1}) {
        const auto s = AttentionSize::plain(2, 7, 4, G, 3, causal);
        const auto q = normals(2 * 7 * 4 * 3, 1), k = normals(2 * 7 * G * 3, 2);
        const auto terms = with_terms ? normals(15, 4) : std::vector<real>{};
        std::vector<real> scores(2 * 4 * 7 * 7, NAN);
        kernels::attention_scores(s, q.data(), k.data(), with_terms ? terms.data() : nullptr, scores.data());
        const Doubles wanted = naive_scores(s, q, k, terms);
        bool same = true;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          const double x = static_cast<double>(scores[i]);
          same = same && (std::isinf(wanted[i]) ? x == wanted[i] : std::abs(x - wanted[i]) <= 2e-6);
        }
        CHECK(same);
      }
}

TEST_CASE("a causal output does not see what comes later", "[kernels]") {
  const auto s = AttentionSize::plain(1, 40, 2, 1, 3, true);
  const auto q = normals(40 * 6, 1);
  auto k = normals(40 * 3, 2), v = normals(40 * 3, 3);
  std::vector<real> before(240), after(240), lse(80);
  kernels::attention_forward(s, q.data(), k.data(), v.data(), nullptr, before.data(), lse.data());
  for (std::size_t i = 25 * 3; i < 40 * 3; ++i) k[i] = 100, v[i] = -100;
  kernels::attention_forward(s, q.data(), k.data(), v.data(), nullptr, after.data(), lse.data());
  CHECK(std::equal(before.begin(), before.begin() + 25 * 6, after.begin()));
  CHECK(before != after);
}

TEST_CASE("position_table is the official encoding", "[kernels]") {
  for (const index_t m : {1, 2, 5, 10, 50}) {
    constexpr index_t T = 9;
    std::vector<real> table(static_cast<std::size_t>(T * m), NAN);
    kernels::position_table(T, m, table.data());
    Doubles wanted;
    for (index_t p = 0; p < T; ++p)
      for (const index_t n : {m / 2, m - m / 2})
        for (index_t i = 0; i < n; ++i) {
          const double frequency = std::pow(10000.0, -static_cast<double>(i - i % 2) / static_cast<double>(n));
          const double angle = static_cast<double>(p) * frequency;
          wanted.push_back(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
        }
    CHECK(max_difference(table, wanted) <= 1e-7);
  }
}

TEST_CASE("each form of position_bias is its formula, pair by pair", "[kernels]") {
  using kernels::PlusForm;
  constexpr index_t T = 7;
  for (const index_t m : {2, 5, 10}) {
    const auto w = normals(m, 1), b = normals(1, 2);
    // pe(p; n)[c] in double, of any sign of p.
    const auto pe = [](index_t p, index_t n, index_t c) {
      const double angle =
          static_cast<double>(p) * std::pow(10000.0, -2.0 * static_cast<double>(c / 2) / static_cast<double>(n));
      return c % 2 == 0 ? std::sin(angle) : std::cos(angle);
    };
    const index_t first = m / 2;
    double sum = 0;
    for (const real x : w) sum += static_cast<double>(x);
    for (const PlusForm form : {PlusForm::k2d, PlusForm::kColumn, PlusForm::kTemperature, PlusForm::kRelative}) {
      const bool relative = form == PlusForm::kRelative;
      std::vector<real> table(static_cast<std::size_t>(T * m)),
          terms(static_cast<std::size_t>(kernels::score_bias_size(T, relative)), NAN);
      (relative ? kernels::distance_table : kernels::position_table)(T, m, table.data());
      kernels::position_bias_forward(form, T, m, table.data(), w.data(), b.data(), terms.data());
      const bool scaled = form == PlusForm::k2d || form == PlusForm::kTemperature;
      CHECK(std::abs(at(terms, 0) - (scaled ? sum : 1)) <= 1e-6);
      double worst = 0;
      for (index_t i = 0; i < T; ++i)
        for (index_t j = 0; j < T; ++j) {
          double wanted = at(b, 0), found = at(terms, 1 + i) + at(terms, 1 + T + j);
          if (relative) found += at(terms, 1 + 2 * T + T - 1 + j - i);
          for (index_t c = 0; c < m; ++c) {
            if (relative) wanted += at(w, c) * pe(i - j, m, c);
            if (form == PlusForm::k2d && c < first) wanted += at(w, c) * pe(i, first, c);
            if ((form == PlusForm::k2d || form == PlusForm::kColumn) && c >= first)
              wanted += at(w, c) * pe(j, m - first, c - first);
          }
          worst = std::max(worst, std::abs(found - wanted));
        }
      INFO("form " << static_cast<int>(form) << ", m " << m);
      CHECK(worst <= 2e-6);
    }
  }
}

TEST_CASE("position_bias is S times the sum of w plus P w plus b", "[kernels]") {
  constexpr index_t T = 6;
  for (const index_t m : {1, 5, 10}) {
    const auto w = normals(m, 1), b = normals(1, 2);
    std::vector<real> table(static_cast<std::size_t>(T * m)), terms(13, NAN);
    kernels::position_table(T, m, table.data());
    kernels::position_bias_forward(kernels::PlusForm::k2d, T, m, table.data(), w.data(), b.data(), terms.data());
    double sum = 0;
    for (const real x : w) sum += static_cast<double>(x);
    CHECK(std::abs(at(terms, 0) - sum) <= 1e-6);
    for (index_t i = 0; i < T; ++i)
      for (index_t j = 0; j < T; ++j) {
        double wanted = at(b, 0);
        for (index_t c = 0; c < m; ++c) wanted += at(w, c) * at(table, (c < m / 2 ? i : j) * m + c);
        CHECK(std::abs(at(terms, 1 + i) + at(terms, 1 + T + j) - wanted) <= 2e-6);
      }
  }
}

}  // namespace qkvbench::testing
