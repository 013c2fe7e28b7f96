// A claim on the mean of numbers that have one mode, judged by Student's t.
// Claims on the cells of a table are judged in report/verdicts.
#pragma once
#include <limits>
#include <span>

#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/mean_interval.hpp"

namespace qkvbench::report {

inline constexpr Population kSymmetricNumbers{Population::Shape::kSymmetric, -std::numeric_limits<double>::infinity(),
                                              std::numeric_limits<double>::infinity()};

/// Fills in effect, interval, level, rule, p and verdict of a claim whose threshold, side and baseline are set: it
/// holds, or does not, when the interval of the mean lies wholly on one side, with 95 % for all `claims` together. Not
/// tested when the baseline has not learned, inconclusive for fewer than two units.
void judge_mean(std::span<const double> units, std::size_t claims, ClaimResult& result);

}  // namespace qkvbench::report
