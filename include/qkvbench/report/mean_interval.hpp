// Intervals of a population mean that cover it with few units too, and the tests that agree with them.
// What is claimed of their coverage is simulated in tests/report/coverage_test.cpp; see docs/statistics.md.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "qkvbench/report/statistics.hpp"

namespace qkvbench::report {

/// What is known of numbers before they are seen, and so which interval of their mean is honest.
struct Population {
  enum class Shape {
    kAny,       ///< nothing but its bounds: runs that are solved or at chance
    kSkewed,    ///< one mode, perhaps with a long side: Student's t at a fourth of the error
    kSymmetric  ///< one mode, both sides alike: Student's t
  } shape;
  double least, most;  ///< possible numbers; finite for kAny
};

/// Of the values of a task's cells, and of their differences from another arm: relative ones of perplexities.
/// Tasks of the encoder are bimodal, so kAny.
Population population_of_values(const std::string& task);
Population population_of_differences(const std::string& task);

/// One-sided p-values of units (all of them numbers of one population, drawn independently) against one bound.
struct Sides {
  double above;  ///< against "the mean is at most the bound"
  double below;  ///< against "the mean is at least the bound"
  double both() const;
};

/// Null for fewer than two units, and of other shapes than kAny when all are equal: they tell nothing of the spread.
/// kAny: Gaffke's bounds, which for zeros and ones are Clopper and Pearson's.
///   Source: Gaffke, "Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative
///   variable", 2005; Learned-Miller and Thomas, "A new confidence interval for the mean of a bounded random variable",
///   2019.
std::optional<Sides> mean_sides(std::span<const double> units, const Population& population, double bound);

/// All bounds that mean_sides() does not reject at (1 − level)/2 on either side, within what is possible; null when
/// mean_sides() is.
std::optional<Interval> mean_interval(std::span<const double> units, const Population& population, double level = 0.95);

}  // namespace qkvbench::report
