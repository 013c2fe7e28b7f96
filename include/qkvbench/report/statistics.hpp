// The statistics of all tables: means, intervals, paired differences, corrections for several comparisons.
// Plain numbers in and out; what does not exist (a deviation of one run) is std::nullopt, never NaN.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace qkvbench::report {

struct Interval {
  double low, high;
};

/// Σx/n; exact when all are equal. x: not empty.
double mean(std::span<const double> x);
/// Standard deviation with n − 1; none for fewer than two numbers.
std::optional<double> deviation(std::span<const double> x);

/// P(T ≤ t) of Student's distribution with `df` > 0 degrees of freedom, and its inverse, which is infinite at 0 and 1.
/// Relative errors of the smaller tail: below 1e-12 up to 10,000 degrees of freedom, 1e-10 up to a million.
double student_cdf(double t, double df);
double student_quantile(double p, double df);

/// P(F > f) of Fisher's distribution with these degrees of freedom, both > 0; f ≥ 0.
double fisher_tail(double f, double above, double below);

/// level + slope · (x − middle)
struct Line {
  double slope, middle, level;
  double at(double x) const { return level + slope * (x - middle); }
};
/// Of least squares. Not all xs are equal.
Line line_through(std::span<const double> xs, std::span<const double> ys);

/// Whether the means of several groups of equal size lie on a line over x: the p-value of the F test of lack of fit,
/// groups' own spread against that of their means around the line. None for fewer than three groups or a single number
/// in each. Source: Draper and Smith, "Applied regression analysis", 3rd ed., section 2.1.
std::optional<double> lack_of_fit(std::span<const double> x, std::span<const std::vector<double>> groups);

/// mean ± t(1 − (1 − level)/2; n − 1)·deviation/√n; none for fewer than two numbers.
std::optional<Interval> t_interval(std::span<const double> x, double level = 0.95);

/// Wilson's interval of a share: `successes` of `n` > 0.   Source: Wilson, 1927.
Interval wilson_interval(std::int64_t successes, std::int64_t n, double level = 0.95);

/// Whether the mean of paired differences is zero.
struct PairedTest {
  std::size_t n = 0;
  double mean = 0;
  /// None for one pair. p is two-sided. Differences that are all equal have no t; p is then 1 if they are 0, else 0.
  std::optional<double> deviation, t, p;
  std::optional<Interval> interval;  ///< 95 %
};
/// Student's paired test. differences: not empty.
PairedTest paired_test(std::span<const double> differences);

/// Holm's step-down adjustment of several p-values: for the i-th smallest of m the largest of (m − j + 1)·p(j), j ≤ i,
/// at most 1; in the given order.   Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
std::vector<double> holm(std::span<const double> p);

}  // namespace qkvbench::report
