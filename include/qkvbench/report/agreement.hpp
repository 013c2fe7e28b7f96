// This machine's runs beside the authors' later runs of the same configurations: like with like.
// Not the paper's printed numbers, which are means over its whole grid.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/summary.hpp"

namespace qkvbench::report {

/// What both ran of one cell of a table: means over the shared configurations, each by the mean of its seeds.
struct SharedCell {
  std::string task;
  Arm arm;
  std::size_t configurations = 0;  ///< that both ran, of Cell::configurations
  std::size_t compared = 0;        ///< of them, those whose seed noise is known
  std::size_t agree = 0;           ///< of these, those whose difference is within it
  double here = 0, rerun = 0;      ///< fractions
};

/// All that both ran. A cell here is one configuration of one task and variant.
struct Agreement {
  std::vector<SharedCell> cells;        ///< in the summary's order; those with a shared configuration
  std::size_t compared = 0, agree = 0;  ///< cells, as in SharedCell
  double difference = 0;                ///< here − re-run, mean over all shared cells
  bool single_runs = false;  ///< the authors ran each shared cell once, so that noise is this machine's alone

  /// Null if the authors ran none of its configurations.
  const SharedCell* cell(const std::string& task, const Arm& arm) const;
};

/// Two means of n and m runs agree when they differ by at most t(0.975; f)·s·√(1/n + 1/m), or by the rounding of the
/// authors' four decimals. s is the seed noise of the task: the deviation of runs of one configuration and variant from
/// their mean, pooled with its f degrees of freedom over all of the task's shared cells, here and there. Of cells that
/// agree in truth about 5 of 100 are outside (docs/statistics.md). Tables of accuracies only; of others it is empty.
Agreement agreement_of(const Summary& summary);

/// "229 of 240 cells (…) agree with the authors' re-run within seed noise …"; says so when nothing is shared.
std::string agreement_text(const Agreement& agreement);

}  // namespace qkvbench::report
