// What commands that read many results say alike: what was left out, and intervals as JSON.
// Reading and averaging them is experiment/records and report/summary.
#pragma once
#include "qkvbench/cli/command.hpp"
#include "qkvbench/experiment/records.hpp"
#include "qkvbench/report/statistics.hpp"

namespace qkvbench::cli {

/// A message for each file that is not among the records.
void note_left_out(const Session& session, const std::vector<experiment::LeftOut>& left_out);

/// [low, high], or null.
experiment::Json interval_json(const std::optional<report::Interval>& interval);

}  // namespace qkvbench::cli
