// The same correction for several claims as in verdicts: Bonferroni's.
#include "qkvbench/report/mean_claim.hpp"

#include <algorithm>

#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

void judge_mean(std::span<const double> units, std::size_t claims, ClaimResult& result) {
  constexpr double kSignificant = 0.05;  // of all claims together
  const auto n = static_cast<double>(claims);
  result.level = 1 - kSignificant / n;
  result.rule = "the effect's interval lies wholly beyond the threshold: " + fixed(100 * *result.level, 2) +
                " %, so that all " + fixed(n, 0) + " claims together have 95 %";
  if (!units.empty()) result.effect = mean(units);
  result.interval = mean_interval(units, kSymmetricNumbers, *result.level);
  for (const BaselineLevel& level : result.baseline) {
    if (level.learned) continue;
    result.verdict = Verdict::kNotTested;
    result.note = "q_k_v on " + level.task + " has not learned";
    result.needed = "a larger part of the grid";
    return;
  }
  if (!result.interval) {
    result.note = "too few runs for an interval";
    return;
  }
  const Sides sides = *mean_sides(units, kSymmetricNumbers, *result.threshold);
  result.p = sides.both();
  result.p_adjusted = std::min(1.0, n * *result.p);
  if (*result.p_adjusted <= kSignificant)
    result.verdict = (sides.above < sides.below) == result.above ? Verdict::kHolds : Verdict::kRefuted;
}

}  // namespace qkvbench::report
