// What commands that read many results say alike: what was left out, and intervals as JSON.
// Reading and averaging them is run/records and report/summary.
#pragma once
#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/statistics.hpp"
#include "qkvbench/run/records.hpp"

namespace qkvbench::cli {

/// How many of n lines are shown where the rest is only counted: all of a few, or the first eight.
std::size_t shown_of(std::size_t n);

/// A message for each file that is not among the records, shown_of() them.
void note_left_out(const Session& session, const std::vector<run::SkippedFile>& left_out);

/// [low, high], or null.
formats::Json interval_json(const std::optional<report::Interval>& interval);

/// Keys of a configuration with their values, numbers as numbers.
formats::Json settings_json(const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace qkvbench::cli
