// Student's distribution by the incomplete beta function, the rest by its formula.
// Sums run in the given order, so the same numbers give the same bits.
#include "qkvbench/report/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/random.hpp"

namespace qkvbench::report {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// log(Γ(a + ½)/Γ(a)) to full precision: Stirling's series where it is exact, and the recurrence down to `a`.
/// A difference of two lgamma() would lose nine digits at a = 10⁶.
double log_gamma_ratio(double a) {
  double steps = 0;
  for (; a < 20; ++a) steps += std::log1p(0.5 / a);
  const double r = 1 / (a * a);
  return 0.5 * std::log(a) - (1.0 / 8 - r * (1.0 / 192 - r * (1.0 / 640 - r * 17.0 / 14336))) / a - steps;
}

/// The continued fraction of the incomplete beta function by Lentz's method; converges fast for x < (a+1)/(a+b+2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300, kEnough = 4e-16;
  const auto kept_from_zero = [](double y) { return std::abs(y) < kTiny ? kTiny : y; };
  double c = 1, d = 1 / kept_from_zero(1 - (a + b) * x / (a + 1)), fraction = d;
  for (double m = 1; m < 1e7; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept_from_zero(1 + even * d);
    c = kept_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept_from_zero(1 + odd * d);
    c = kept_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) <= kEnough) break;
  }
  return fraction;
}

/// P(0 ≤ T ≤ t) and P(T > t) for t ≥ 0, each to its own relative precision where it is the smaller one.
struct Parts {
  double centre, tail;
};

Parts student_parts(double t, double df) {
  const double a = df / 2, s = t / std::sqrt(df);
  if (!(s > 0)) return {0, 0.5};
  // x = df/(df + t²) and y = 1 − x, without t² where it would overflow.
  const double log_x = s > 1e100 ? -2 * std::log(s) : -std::log1p(s * s);
  const double x = std::exp(log_x), y = s > 1e100 ? 1 : s * s / (1 + s * s);
  // x^a·√y/B(a, ½), common to both fractions.
  const double front = std::exp(a * log_x + 0.5 * std::log(y) + log_gamma_ratio(a)) / std::sqrt(std::numbers::pi);
  if (x < (a + 1) / (a + 2.5)) {
    const double tail = 0.5 * front * beta_fraction(a, 0.5, x) / a;
    return {0.5 - tail, tail};
  }
  const double centre = front * beta_fraction(0.5, a, y);
  return {centre, 0.5 - centre};
}

Parts normal_parts(double z) {
  return {0.5 * std::erf(z / std::numbers::sqrt2), 0.5 * std::erfc(z / std::numbers::sqrt2)};
}

/// The t with P(T ≤ t) = p of a symmetric distribution, by bisection to the last bit.
template <class PartsOf>
double quantile(double p, PartsOf&& parts_of) {
  if (!(p >= 0 && p <= 1)) fail_internal("quantile: " + std::to_string(p) + " is no probability");
  if (p == 0.5) return 0;
  const double tail = std::min(p, 1 - p), sign = p < 0.5 ? -1 : 1;
  if (tail == 0) return sign * kInfinite;
  const auto below = [&](double t) {
    const Parts parts = parts_of(t);
    return tail > 0.25 ? parts.centre < 0.5 - tail : parts.tail > tail;
  };
  double high = 1;
  while (below(high) && high < 1e300) high *= 2;
  while (!below(high / 2) && high > 1e-300) high /= 2;
  double low = high / 2;
  for (double middle = low + (high - low) / 2; middle > low && middle < high; middle = low + (high - low) / 2)
    (below(middle) ? low : high) = middle;
  return sign * high;
}

double normal_quantile(double p) { return quantile(p, normal_parts); }

/// The number at a share of the way through sorted numbers.
double percentile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

void check_level(double level) {
  if (!(level > 0 && level < 1)) fail_internal("an interval's level is between 0 and 1, not " + std::to_string(level));
}

}  // namespace

double mean(std::span<const double> x) {
  if (x.empty()) fail_internal("the mean of no numbers");
  const auto n = static_cast<double>(x.size());
  const double first = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double rest = 0;  // what rounding left over: without it the mean of equal numbers is not always that number
  for (const double value : x) rest += value - first;
  return first + rest / n;
}

std::optional<double> deviation(std::span<const double> x) {
  if (x.size() < 2) return std::nullopt;
  const double m = mean(x);
  double squares = 0;
  for (const double value : x) squares += (value - m) * (value - m);
  return std::sqrt(squares / static_cast<double>(x.size() - 1));
}

double student_cdf(double t, double df) {
  if (!(df > 0)) fail_internal("student_cdf: " + std::to_string(df) + " degrees of freedom");
  const Parts parts = student_parts(std::abs(t), df);
  return t < 0 ? parts.tail : 0.5 + parts.centre;
}

double student_quantile(double p, double df) {
  if (!(df > 0)) fail_internal("student_quantile: " + std::to_string(df) + " degrees of freedom");
  return quantile(p, [df](double t) { return student_parts(t, df); });
}

std::optional<Interval> t_interval(std::span<const double> x, double level) {
  check_level(level);
  const std::optional<double> spread = deviation(x);
  if (!spread) return std::nullopt;
  const auto n = static_cast<double>(x.size());
  const double half = -student_quantile((1 - level) / 2, n - 1) * *spread / std::sqrt(n);
  return Interval{mean(x) - half, mean(x) + half};
}

std::optional<Interval> cluster_bootstrap(const std::vector<std::vector<double>>& clusters, double level,
                                          int resamples) {
  check_level(level);
  std::vector<double> sums, sizes;
  for (const std::vector<double>& cluster : clusters) {
    if (cluster.empty()) fail_internal("cluster_bootstrap: an empty cluster");
    sums.push_back(std::accumulate(cluster.begin(), cluster.end(), 0.0));
    sizes.push_back(static_cast<double>(cluster.size()));
  }
  if (resamples < 1) fail_internal("cluster_bootstrap: no resamples");
  const std::size_t n = clusters.size();
  if (n < 2) return std::nullopt;
  constexpr std::uint64_t kSeed = 260604032;
  const RandomStream random(kSeed, Purpose::kSample, fnv1a("bootstrap"));
  std::vector<std::uint32_t> words((n + 3) / 4 * 4);
  std::vector<double> means;
  for (int r = 0; r < resamples; ++r) {
    random.fill(static_cast<std::uint64_t>(r) * (words.size() / 4), words);
    double sum = 0, size = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto drawn = static_cast<std::size_t>((std::uint64_t{words[i]} * n) >> 32);
      sum += sums[drawn];
      size += sizes[drawn];
    }
    means.push_back(sum / size);
  }
  std::ranges::sort(means);
  return Interval{percentile(means, (1 - level) / 2), percentile(means, (1 + level) / 2)};
}

Interval wilson_interval(std::int64_t successes, std::int64_t n, double level) {
  check_level(level);
  if (n < 1 || successes < 0 || successes > n)
    fail_internal("wilson_interval: " + std::to_string(successes) + " of " + std::to_string(n));
  const double z = -normal_quantile((1 - level) / 2), count = static_cast<double>(n);
  const double share = static_cast<double>(successes) / count;
  const double centre = (share + z * z / (2 * count)) / (1 + z * z / count);
  const double half = z / (1 + z * z / count) * std::sqrt(share * (1 - share) / count + z * z / (4 * count * count));
  // At the ends the two cancel, but for rounding.
  return {successes == 0 ? 0 : centre - half, successes == n ? 1 : centre + half};
}

PairedTest paired_test(std::span<const double> differences) {
  PairedTest test;
  test.n = differences.size();
  test.mean = mean(differences);
  test.deviation = deviation(differences);
  test.interval = t_interval(differences);
  if (!test.deviation) return test;
  if (*test.deviation == 0) {
    test.p = test.mean == 0 ? 1 : 0;
    return test;
  }
  const auto n = static_cast<double>(test.n);
  test.t = test.mean / (*test.deviation / std::sqrt(n));
  test.p = 2 * student_cdf(-std::abs(*test.t), n - 1);
  return test;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, static_cast<double>(p.size() - rank) * p[order[rank]]);
    adjusted[order[rank]] = std::min(1.0, largest);
  }
  return adjusted;
}

}  // namespace qkvbench::report
