// A claim of the paper and what this machine says of it: a row of a table.
// Who tests a claim fills it in; here it is only shown.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/statistics.hpp"

namespace qkvbench::report {

enum class Verdict { kHolds, kRefuted, kInconclusive };

/// "holds", "does not hold", "inconclusive".
const char* verdict_name(Verdict verdict);

/// One claim. The numbers are of one unit, so that they can stand side by side: "points" (differences of accuracy
/// times 100), "%" (relative differences), "counts", or none.
struct ClaimResult {
  std::string id, claim, test;  ///< "qkv-worst-ordered"; what is claimed; by which numbers it is judged
  std::string unit;
  std::optional<double> effect;        ///< of this machine
  std::optional<Interval> interval;    ///< of this machine, 95 %
  std::optional<double> paper, rerun;  ///< the same effect by the paper's table and by the authors' re-run
  Verdict verdict = Verdict::kInconclusive;
  std::string note;  ///< why it is inconclusive, what was shrunk
};

/// A number of the claim with its unit: "−1.2 points"; "–" without one.
std::string value_text(const ClaimResult& claim, const std::optional<double>& value);
/// Effect and interval as tables show them: "−1.2 points [−2.0, −0.4]"; "–" without an effect.
std::string effect_text(const ClaimResult& claim);

/// What another source says of a cell: a value of the task's metric.
struct ReferenceValue {
  std::string task, arm;  ///< Arm::name()
  std::optional<double> paper, rerun;
};

}  // namespace qkvbench::report
