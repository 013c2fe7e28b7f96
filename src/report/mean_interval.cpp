// Gaffke's bounds exactly, without random numbers: a mean with uniform weights has a B-spline for its density.
// Student's intervals are cut to what is possible, which loses no coverage.
#include "qkvbench/report/mean_interval.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/dataset.hpp"

namespace qkvbench::report {

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kSkewedShare = 4;  // by this much less error is asked of t where the population may be skewed

/// P(Σ Dᵢaᵢ > t) for weights D uniform on the simplex: the divided difference of max(x − t, 0)ⁿ over a, by a recurrence
/// of weighted means only.   Source: Curry and Schoenberg, 1966; de Boor's recurrence.
double share_above(std::vector<double> a, double t) {
  std::ranges::sort(a);
  std::vector<double> share(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) share[i] = a[i] > t ? 1 : 0;
  for (std::size_t order = 1; order < a.size(); ++order)
    for (std::size_t i = 0; i + order < a.size(); ++i) {
      const double low = a[i], high = a[i + order];
      if (t < low)
        share[i] = 1;
      else if (t >= high)
        share[i] = 0;
      else
        share[i] = ((high - t) * share[i + 1] + (t - low) * share[i]) / (high - low);
    }
  return share[0];
}

Sides bounded_sides(std::span<const double> units, const Population& population, double bound) {
  const auto with = [&](double end) {
    std::vector<double> all(units.begin(), units.end());
    all.push_back(end);
    return all;
  };
  // 1 − P(> b) of numbers as P(> −b) of the mirrored ones, so that small ones keep their digits.
  std::vector<double> mirrored = with(population.least);
  for (double& x : mirrored) x = -x;
  return {share_above(mirrored, -bound), share_above(with(population.most), bound)};
}

/// None when all are equal.
std::optional<Sides> student_sides(std::span<const double> units, const Population& population, double bound) {
  const double spread = *deviation(units), n = static_cast<double>(units.size());
  if (!(spread > 0)) return std::nullopt;
  const double t = (mean(units) - bound) / (spread / std::sqrt(n));
  const double factor = population.shape == Population::Shape::kSkewed ? kSkewedShare : 1;
  return Sides{std::min(1.0, factor * student_cdf(-t, n - 1)), std::min(1.0, factor * student_cdf(t, n - 1))};
}

/// Where a condition that holds at `inside` and not at `outside` ends.
template <class Holds>
double end_of(double inside, double outside, Holds&& holds) {
  if (holds(outside)) return outside;
  for (int step = 0; step < 60; ++step) {
    const double middle = inside + (outside - inside) / 2;
    (holds(middle) ? inside : outside) = middle;
  }
  return outside;
}

}  // namespace

double Sides::both() const { return std::min(1.0, 2 * std::min(above, below)); }

Population population_of_values(const std::string& task) {
  const data::FamilyTraits& traits = data::find_task(task).traits();
  if (traits.perplexity) return {Population::Shape::kSkewed, 1, kInfinite};
  return {traits.all_or_nothing ? Population::Shape::kAny : Population::Shape::kSkewed, 0, 1};
}

Population population_of_differences(const std::string& task) {
  const data::FamilyTraits& traits = data::find_task(task).traits();
  if (traits.perplexity) return {Population::Shape::kSymmetric, -1, kInfinite};
  return {traits.all_or_nothing ? Population::Shape::kAny : Population::Shape::kSymmetric, -1, 1};
}

std::optional<Sides> mean_sides(std::span<const double> units, const Population& population, double bound) {
  if (units.size() < 2) return std::nullopt;
  return population.shape == Population::Shape::kAny ? std::optional(bounded_sides(units, population, bound))
                                                     : student_sides(units, population, bound);
}

std::optional<Interval> mean_interval(std::span<const double> units, const Population& population, double level) {
  if (!(level > 0 && level < 1)) fail_internal("an interval's level is between 0 and 1, not " + std::to_string(level));
  if (units.size() < 2) return std::nullopt;
  const double middle = mean(units);
  if (population.shape == Population::Shape::kAny) {
    const double error = (1 - level) / 2;
    return Interval{end_of(middle, population.least,
                           [&](double bound) { return bounded_sides(units, population, bound).above >= error; }),
                    end_of(middle, population.most,
                           [&](double bound) { return bounded_sides(units, population, bound).below >= error; })};
  }
  if (!(*deviation(units) > 0)) return std::nullopt;
  const double factor = population.shape == Population::Shape::kSkewed ? kSkewedShare : 1;
  const Interval student = *t_interval(units, 1 - (1 - level) / factor);
  return Interval{std::max(student.low, population.least), std::min(student.high, population.most)};
}

}  // namespace qkvbench::report
