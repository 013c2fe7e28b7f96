// A claim of the paper and what this machine says of it: a row of a table.
// Who tests a claim fills it in; here it is only shown.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/report/statistics.hpp"

namespace qkvbench::report {

enum class Verdict { kHolds, kRefuted, kInconclusive, kNotTested };

/// "holds", "does not hold", "inconclusive", "not tested at this size".
const char* verdict_name(Verdict verdict);

/// What the baseline q_k_v reached on a task, and what it should have: accuracies, or of text validation losses in
/// nats.
struct BaselineLevel {
  std::string task, metric;
  std::optional<double> here, chance, floor, published;
  std::optional<double> needed;  ///< the accuracy or loss from which it has learned; none where nothing is known
  bool learned = false;
  std::string source{};  ///< of the floor or the published level
  /// Where a task has several levels, by which key: {"heads", "4"}.
  std::vector<std::pair<std::string, std::string>> settings{};
};
/// "mnist", "recall, heads 4"
std::string baseline_task(const BaselineLevel& level);
/// "at least 0.541 is needed"
std::string needed_text(const BaselineLevel& level);
/// "q_k_v on mnist has accuracy 0.332, has not learned: at least 0.541 is needed"
std::string baseline_text(const BaselineLevel& level);

/// One claim. The numbers are of one unit, so that they can stand side by side: "points" (differences of accuracy
/// times 100), "%" (relative differences), "counts", or none.
struct ClaimResult {
  std::string id, claim, test;  ///< "qkv-worst-ordered"; what is claimed; by which numbers it is judged
  std::string unit;
  std::optional<double> effect;      ///< of this machine
  std::optional<Interval> interval;  ///< of this machine; of claims that are tested at `level`
  std::optional<double> paper,
      rerun;  ///< the same effect by the paper's table, and by the authors' re-run of what was run here
  Verdict verdict = Verdict::kInconclusive;
  std::string note;  ///< why it is inconclusive or not tested
  // Of claims that are tested:
  std::optional<double> threshold{};        ///< the effect's bound, in the claim's unit
  bool above = true;                        ///< the claim is that the effect is above it
  std::optional<double> level{};            ///< of `interval`: all claims of the table together have 95 %
  std::optional<double> p{}, p_adjusted{};  ///< two-sided, against the threshold; times the number of claims
  std::string rule{};                       ///< how the verdict follows from the interval
  std::string needed{};                     ///< what would test it, of claims not tested
  std::vector<BaselineLevel> baseline{};    ///< of each of its tasks
};

/// A number of the claim: "−1.2"; "–" without one. Its interval: "[−2.0, −0.4]".
std::string number_text(const ClaimResult& claim, const std::optional<double>& value);
std::string claim_interval_text(const ClaimResult& claim);
/// The number with its unit: "−1.2 points".
std::string value_text(const ClaimResult& claim, const std::optional<double>& value);
/// Effect and interval as tables show them: "−1.2 points [−2.0, −0.4]"; "–" without an effect.
std::string effect_text(const ClaimResult& claim);

/// "> −5.0 points", "≥ 0.990"; "–" without a threshold.
std::string threshold_text(const ClaimResult& claim);

/// What another source says of a cell: a value of the task's metric.
struct ReferenceValue {
  std::string task, arm;  ///< Arm::name()
  std::optional<double> paper, rerun;
};

}  // namespace qkvbench::report
