// Layer normalisation, GELU, sums, dropout, cross-entropy and gathers against plain formulas, forward.
// Their ways back are checked in double precision in tests/autograd.
#include "qkvbench/kernels/rows.hpp"

#include "kernels/naive.hpp"
#include "qkvbench/kernels/elementwise.hpp"
#include "qkvbench/kernels/linear.hpp"
#include "qkvbench/kernels/loss.hpp"
#include "qkvbench/kernels/norm.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

TEST_CASE("layer_norm agrees with the formula", "[kernels]") {
  for (const index_t C : {1, 3, 16, 37, 64})
    for (const double mean : {0.0, 50.0}) {
      constexpr index_t R = 5;
      const auto x = normals(R * C, 1, 2, mean), w = normals(C, 2), b = normals(C, 3);
      std::vector<real> y(static_cast<std::size_t>(R * C), NAN), means(R, NAN), rstds(R, NAN);
      kernels::layer_norm_forward(R, C, static_cast<real>(1e-5), x.data(), w.data(), b.data(), y.data(), means.data(),
                                  rstds.data());
      Doubles wanted, wanted_mean, wanted_rstd;
      for (index_t r = 0; r < R; ++r) {
        double m = 0, v = 0;
        for (index_t c = 0; c < C; ++c) m += at(x, r * C + c) / static_cast<double>(C);
        for (index_t c = 0; c < C; ++c) v += std::pow(at(x, r * C + c) - m, 2) / static_cast<double>(C);
        wanted_mean.push_back(m);
        wanted_rstd.push_back(1 / std::sqrt(v + 1e-5));
        for (index_t c = 0; c < C; ++c)
          wanted.push_back((at(x, r * C + c) - m) * wanted_rstd.back() * at(w, c) + at(b, c));
      }
      if (C > 1) {  // one channel has no spread, and only its rounding error is scaled up
        CHECK(max_difference(y, wanted) <= 3e-5);
        CHECK(max_difference(rstds, wanted_rstd) <= 1e-4);
      }
      CHECK(max_difference(means, wanted_mean) <= 1e-5);
    }
}

TEST_CASE("gelu agrees with the formula", "[kernels]") {
  const auto x = normals(9001, 1, 3);
  std::vector<real> y(x.size(), NAN), alone(x.size(), NAN), slope(x.size(), NAN), d = x;
  kernels::gelu_forward(9001, x.data(), y.data(), slope.data());
  kernels::gelu_forward(9001, x.data(), alone.data(), nullptr);
  kernels::gelu_backward(9001, slope.data(), d.data());
  Doubles wanted, wanted_slope, wanted_d;
  for (const real r : x) {
    const double v = static_cast<double>(r), cdf = 0.5 * std::erfc(-v / std::sqrt(2.0));
    wanted.push_back(v * cdf);
    wanted_slope.push_back(cdf + v * std::exp(-0.5 * v * v) / std::sqrt(2 * std::acos(-1.0)));
    wanted_d.push_back(v * wanted_slope.back());
  }
  CHECK(max_difference(y, wanted) <= 2e-6);
  CHECK(alone == y);
  CHECK(max_difference(slope, wanted_slope) <= 2e-6);
  CHECK(max_difference(d, wanted_d) <= 1e-5);
}

TEST_CASE("sums of arrays and of rows", "[kernels]") {
  const auto a = normals(4999, 1), b = normals(4999, 2);
  std::vector<real> y(a.size(), NAN);
  kernels::add_forward(4999, a.data(), b.data(), y.data());
  Doubles wanted;
  for (std::size_t i = 0; i < a.size(); ++i) wanted.push_back(static_cast<double>(a[i] + b[i]));
  CHECK(max_difference(y, wanted) == 0);

  kernels::add_rows_forward(7, 700, a.data(), b.data(), y.data());
  bool same = true;
  for (std::size_t i = 0; i < 4900; ++i) same = same && y[i] == a[i] + b[i % 700];
  CHECK(same);

  std::vector<real> column(7, 10);
  kernels::column_sum(700, 7, a.data(), column.data());
  Doubles totals(7, 10);
  for (std::size_t i = 0; i < 4900; ++i) totals[i % 7] += static_cast<double>(a[i]);
  CHECK(max_difference(column, totals) <= 1e-4);
}

TEST_CASE("dropout keeps the right share, scales it, and draws the same mask again", "[kernels]") {
  constexpr index_t N = 100'003;
  const std::vector<real> x(N, 2);
  const RandomStream random(5, Purpose::kDropout, 9);
  for (const real p : {0.1f, 0.5f, 0.8f}) {
    std::vector<real> y(x.size(), NAN), again(x.size(), 1), other(x.size());
    kernels::dropout(N, x.data(), p, random, std::uint64_t{1} << 40, y.data(), false);
    kernels::dropout(N, x.data(), p, random, std::uint64_t{1} << 40, again.data(), true);
    kernels::dropout(N, x.data(), p, random, std::uint64_t{2} << 40, other.data(), false);
    index_t kept = 0;
    bool exact = true;
    for (std::size_t i = 0; i < y.size(); ++i) {
      kept += y[i] != 0 ? 1 : 0;
      const bool wanted = random.bits((std::uint64_t{1} << 40) + i) >= static_cast<double>(p) * 0x1p32;
      exact = exact && y[i] == (wanted ? 2 * (1 / (1 - p)) : 0) && again[i] == y[i] + 1;
    }
    CHECK(exact);
    CHECK(std::abs(static_cast<double>(kept) / N - (1 - static_cast<double>(p))) <= 0.01);
    CHECK(other != y);
  }
}

TEST_CASE("cross_entropy agrees with the formula and counts", "[kernels]") {
  for (const index_t V : {2, 10, 16, 19, 500}) {
    constexpr index_t R = 33;
    const auto logits = normals(R * V, 1, 8);
    std::vector<std::int32_t> targets;
    std::vector<real> lse(R, NAN);
    double loss = 0;
    index_t correct = 0, scored = 0;
    Doubles wanted_lse;
    for (index_t r = 0; r < R; ++r) {
      const auto target = static_cast<std::int32_t>(r % 5 == 2 ? -1 : r * 7 % V);
      targets.push_back(target);
      double total = 0;
      index_t best = 0;
      for (index_t j = 0; j < V; ++j) {
        total += std::exp(at(logits, r * V + j));
        if (at(logits, r * V + j) > at(logits, r * V + best)) best = j;
      }
      wanted_lse.push_back(std::log(total));
      if (target < 0) continue;
      ++scored;
      loss += std::log(total) - at(logits, r * V + target);
      correct += best == target ? 1 : 0;
    }
    const kernels::EvalSums score = kernels::cross_entropy_forward(R, V, logits.data(), targets.data(), lse.data());
    CHECK(max_difference(lse, wanted_lse) <= 5e-6);
    CHECK(std::abs(score.loss_nats - loss) <= 1e-6 * loss + 1e-4);
    CHECK(score.correct == correct);
    CHECK(score.targets == scored);
  }
}

TEST_CASE("of equal logits the first is the prediction", "[kernels]") {
  const std::vector<real> logits{1, 3, 3, 0, 5, 5, 5, 5};
  std::vector<real> lse(2);
  const auto correct = [&](std::int32_t a, std::int32_t b) {
    const std::int32_t targets[] = {a, b};
    return kernels::cross_entropy_forward(2, 4, logits.data(), targets, lse.data()).correct;
  };
  CHECK(correct(1, 0) == 2);
  CHECK(correct(2, 1) == 0);
  CHECK(correct(-1, 0) == 1);
}

TEST_CASE("cross_entropy of logits that overflow without their maximum is finite", "[kernels]") {
  const std::vector<real> logits{3000, -3000, 0, -1e30f, 1e30f, 0};
  const std::int32_t targets[] = {1, 1};
  std::vector<real> lse(2), d(6);
  const kernels::EvalSums score = kernels::cross_entropy_forward(2, 3, logits.data(), targets, lse.data());
  CHECK(score.loss_nats == 6000);
  CHECK(score.correct == 1);
}

TEST_CASE("gather copies rows", "[kernels]") {
  const auto table = normals(6 * 11, 1);
  const std::vector<std::int32_t> ids{5, 0, 5, 2};
  std::vector<real> y(44, NAN);
  kernels::gather_forward(4, 11, ids.data(), table.data(), y.data());
  for (std::size_t r = 0; r < 4; ++r)
    CHECK(std::equal(y.begin() + static_cast<index_t>(r) * 11, y.begin() + static_cast<index_t>(r + 1) * 11,
                     table.begin() + ids[r] * 11));
}

}  // namespace qkvbench::testing
