// Vector functions in single precision against double: errors over dense ranges, and behaviour at the ends.
// The bounds are those that simd.hpp states.
#include "qkvbench/kernels/simd.hpp"

#include <algorithm>
#include <limits>

#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using simd::kLanes;
using simd::Vec;

/// Largest value of error(x, lane result) over `steps` points of [from, to].
template <class F, class E>
double worst_error(double from, double to, int steps, F&& f, E&& error) {
  double worst = 0;
  for (int i = 0; i < steps; i += kLanes) {
    real x[kLanes];
    for (int lane = 0; lane < kLanes; ++lane)
      x[lane] = static_cast<real>(from + (to - from) * static_cast<double>(i + lane) / static_cast<double>(steps));
    const Vec y = f(simd::load(x));
    for (int lane = 0; lane < kLanes; ++lane) {
      const double e = error(static_cast<double>(x[lane]), static_cast<double>(y[lane]));
      if (!(e <= worst)) worst = std::isnan(e) ? 1e9 : e;
    }
  }
  return worst;
}

double relative_exp(double x, double y) { return std::abs(y - std::exp(x)) / std::exp(x); }
double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0)); }

real lane0(Vec v) { return v[0]; }

}  // namespace

TEST_CASE("simd::exp has a relative error below 2e-7", "[kernels]") {
  const auto exp = [](Vec x) { return simd::exp(x); };
  CHECK(worst_error(-87.2, 88.6, 4'000'000, exp, relative_exp) <= 2e-7);
  CHECK(worst_error(-1, 1, 1'000'000, exp, relative_exp) <= 2e-7);
  CHECK(worst_error(-1e-3, 1e-3, 100'000, exp, relative_exp) <= 2e-7);
}

TEST_CASE("simd::exp at the ends of its range", "[kernels]") {
  constexpr real inf = std::numeric_limits<real>::infinity();
  for (const real x : {-inf, -3.4e38f, -1e30f, -1000.0f, -100.0f, -87.4f})
    CHECK(lane0(simd::exp(simd::broadcast(x))) == 0);
  CHECK(lane0(simd::exp(simd::broadcast(0.0f))) == 1);
  CHECK(lane0(simd::exp(simd::broadcast(-0.0f))) == 1);
  CHECK(relative_exp(88, static_cast<double>(lane0(simd::exp(simd::broadcast(88.0f))))) <= 2e-7);
  CHECK(std::isfinite(lane0(simd::exp(simd::broadcast(88.7f)))));
  CHECK(std::isnan(lane0(simd::exp(simd::broadcast(std::numeric_limits<real>::quiet_NaN())))));
}

TEST_CASE("simd::exp treats every lane alike", "[kernels]") {
  // Volatile, since the compiler's own arithmetic rounds each product of a sum.
  volatile real start = 3;
  real x[kLanes], y[kLanes];
  for (int i = 0; i < kLanes; ++i) x[i] = start - static_cast<real>(7 * i % 90);
  simd::store(y, simd::exp(simd::load(x)));
  for (int i = 0; i < kLanes; ++i) CHECK(y[i] == lane0(simd::exp(simd::broadcast(x[i]))));
}

TEST_CASE("simd::normal has a relative error below 1.5e-6 for |x| <= 6", "[kernels]") {
  const auto cdf = [](Vec x) { return simd::normal(x).cdf; };
  const auto bell = [](Vec x) { return simd::normal(x).density; };
  const auto cdf_error = [](double x, double y) { return std::abs(y - phi(x)) / phi(x); };
  const auto bell_error = [](double x, double y) { return std::abs(y - density(x)) / density(x); };
  CHECK(worst_error(-6, 6, 2'000'000, cdf, cdf_error) <= 1.5e-6);
  CHECK(worst_error(-6, 6, 2'000'000, bell, bell_error) <= 1.5e-6);
  CHECK(worst_error(-1e-2, 1e-2, 100'000, cdf, cdf_error) <= 1e-6);
}

TEST_CASE("simd::normal far out", "[kernels]") {
  const auto absolute = [](double x, double y) { return std::abs(y - phi(x)); };
  CHECK(worst_error(
            -60, 60, 1'000'000, [](Vec x) { return simd::normal(x).cdf; }, absolute) <= 3e-7);
  CHECK(lane0(simd::normal(simd::broadcast(-1e20f)).cdf) == 0);
  CHECK(lane0(simd::normal(simd::broadcast(1e20f)).cdf) == 1);
  CHECK(lane0(simd::normal(simd::broadcast(1e20f)).density) == 0);
}

TEST_CASE("partial loads and stores touch n elements", "[kernels]") {
  real from[kLanes];
  for (int i = 0; i < kLanes; ++i) from[i] = static_cast<real>(i + 1);
  for (index_t n = 1; n <= kLanes; ++n) {
    real to[kLanes];
    std::fill_n(to, kLanes, real{-5});
    const Vec v = simd::load_part(from, n);
    simd::store_part(to, v, n);
    for (index_t i = 0; i < kLanes; ++i) {
      const real lane = v[i];
      CHECK(lane == (i < n ? from[i] : 0));
      CHECK(to[i] == (i < n ? from[i] : -5));
    }
  }
}

TEST_CASE("sums and maxima of lanes", "[kernels]") {
  real x[kLanes];
  for (int i = 0; i < kLanes; ++i) x[i] = static_cast<real>((i * 5) % kLanes) - 3;
  const Vec v = simd::load(x);
  CHECK(simd::sum(v) == static_cast<real>(kLanes * (kLanes - 1) / 2 - 3 * kLanes));
  CHECK(simd::max_lane(v) == static_cast<real>(kLanes - 4));
  for (int i = 0; i < kLanes; ++i) {
    Vec w = simd::broadcast(-2);
    w[i] = -1;
    CHECK(simd::max_lane(w) == -1);
    CHECK(simd::max_lane(simd::max(simd::broadcast(-3), w)) == -1);
  }
}

TEST_CASE("parts of a vector are loaded, stored and kept", "[kernels]") {
  const auto x = normals(kLanes, 1), rest = normals(kLanes, 2);
  for (index_t n = -1; n <= kLanes + 1; ++n) {
    INFO(n << " lanes");
    const index_t inside = std::clamp<index_t>(n, 0, kLanes);
    std::vector<real> loaded(x.size()), stored(x.size(), 7), kept(x.size());
    simd::store(loaded.data(), simd::load_part(x.data(), inside));
    simd::store_part(stored.data(), simd::load(x.data()), inside);
    simd::store(kept.data(), simd::keep_first(simd::load(x.data()), n, simd::load(rest.data())));
    for (std::size_t i = 0; i < x.size(); ++i) {
      const bool in = static_cast<index_t>(i) < n;
      CHECK(loaded[i] == (in ? x[i] : 0));
      CHECK(stored[i] == (in ? x[i] : 7));
      CHECK(kept[i] == (in ? x[i] : rest[i]));
    }
  }
}

TEST_CASE("simd::transpose exchanges rows and columns", "[kernels]") {
  const auto x = normals(kLanes * kLanes, 1);
  Vec rows[kLanes];
  for (int i = 0; i < kLanes; ++i) rows[i] = simd::load(x.data() + i * kLanes);
  simd::transpose(rows);
  bool same = true;
  for (int i = 0; i < kLanes; ++i)
    for (int j = 0; j < kLanes; ++j) same = same && rows[i][j] == x[static_cast<std::size_t>(j * kLanes + i)];
  CHECK(same);
}

}  // namespace qkvbench::testing
