// Distributions are Boost.Math's, the rest goes by its formula.
// Sums run in the given order, so the same numbers give the same bits.
#include "qkvbench/report/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "qkvbench/base/error.hpp"

namespace qkvbench::report {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// Numbers beyond what doubles hold are infinite, 0 or the nearest one, never an exception.
using Policy =
    boost::math::policies::policy<boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::promote_double<false>>;
using Student = boost::math::students_t_distribution<double, Policy>;
using Fisher = boost::math::fisher_f_distribution<double, Policy>;
using Normal = boost::math::normal_distribution<double, Policy>;

void check_freedom(const char* what, double df) {
  if (!(df > 0)) fail_internal(std::string(what) + ": " + std::to_string(df) + " degrees of freedom");
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
  check_freedom("student_cdf", df);
  if (df == 1)  // in closed form, of which Boost loses digits near 0
    return t < 0 ? std::atan2(1, -t) / std::numbers::pi : 1 - std::atan2(1, t) / std::numbers::pi;
  return std::isinf(t) ? (t < 0 ? 0 : 1) : boost::math::cdf(Student(df), t);
}

double student_quantile(double p, double df) {
  check_freedom("student_quantile", df);
  if (!(p >= 0 && p <= 1)) fail_internal("student_quantile: " + std::to_string(p) + " is no probability");
  if (p == 0 || p == 1) return p == 0 ? -kInfinite : kInfinite;
  return boost::math::quantile(Student(df), p);
}

double fisher_tail(double f, double above, double below) {
  check_freedom("fisher_tail", above);
  check_freedom("fisher_tail", below);
  return std::isinf(f) ? 0 : cdf(complement(Fisher(above, below), f));
}

Line line_through(std::span<const double> xs, std::span<const double> ys) {
  const double middle = mean(xs);
  double spread = 0, together = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    spread += (xs[i] - middle) * (xs[i] - middle);
    together += (xs[i] - middle) * ys[i];
  }
  return {together / spread, middle, mean(ys)};
}

std::optional<double> lack_of_fit(std::span<const double> x, std::span<const std::vector<double>> groups) {
  if (groups.size() < 3 || groups.front().size() < 2) return {};
  const auto count = static_cast<double>(groups.size()), n = static_cast<double>(groups.front().size());
  std::vector<double> means;
  for (const auto& group : groups) means.push_back(mean(group));
  const Line line = line_through(x, means);
  double of_means = 0, within = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    of_means += n * (means[i] - line.at(x[i])) * (means[i] - line.at(x[i]));
    for (const double value : groups[i]) within += (value - means[i]) * (value - means[i]);
  }
  if (within == 0) return {};
  const double above = count - 2, below = count * (n - 1);
  return fisher_tail(of_means / above / (within / below), above, below);
}

std::optional<Interval> t_interval(std::span<const double> x, double level) {
  check_level(level);
  const std::optional<double> spread = deviation(x);
  if (!spread) return std::nullopt;
  const auto n = static_cast<double>(x.size());
  const double half = -student_quantile((1 - level) / 2, n - 1) * *spread / std::sqrt(n);
  return Interval{mean(x) - half, mean(x) + half};
}

Interval wilson_interval(std::int64_t successes, std::int64_t n, double level) {
  check_level(level);
  if (n < 1 || successes < 0 || successes > n)
    fail_internal("wilson_interval: " + std::to_string(successes) + " of " + std::to_string(n));
  const double z = -boost::math::quantile(Normal(), (1 - level) / 2), count = static_cast<double>(n);
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
