// Two results, or two directories of results, field by field: what a script asks to know that nothing changed.
// No statistics: single runs against single runs.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/run/records.hpp"

namespace qkvbench::study {

/// What is asked of two runs. Without tolerances and metrics: that their canonical parts are equal. With any of them:
/// that each metric, or each that is named, differs by at most `absolute` or by at most `relative` of the larger one;
/// everything else is only told.
struct Tolerance {
  std::optional<double> absolute, relative;
  std::vector<std::string> metrics;
  bool allow_missing = false;  ///< a run that only one side has is no failure
  bool exact() const { return !absolute && !relative && metrics.empty(); }
};

/// One metric of both; none where it is null or not there.
struct MetricPair {
  std::string name;
  std::optional<double> a, b;
  bool within = false;
};

/// A field of the canonical part that is no metric and differs: its place ("config.lr") and both values as JSON.
struct FieldPair {
  std::string field, a, b;
};

struct RunPair {
  std::filesystem::path path_a, path_b;
  std::string run_a, run_b;
  std::vector<MetricPair> metrics;  ///< all of them, or those that are named; as in the file
  std::vector<FieldPair> fields;    ///< the first kFieldsShown
  std::size_t fields_differing = 0;
  bool equal = false;  ///< the canonical parts
  bool holds = false;  ///< what was asked
};
inline constexpr std::size_t kFieldsShown = 8;

struct Comparison {
  std::vector<RunPair> runs;
  std::vector<std::string> only_a, only_b;  ///< names of runs
  std::vector<run::SkippedFile> left_out;
  bool holds = false;
};

/// Compares results: files, run directories or directories of runs. Two single runs are a pair whatever their names,
/// others are matched by run name; of several builds on one side the one with most runs is taken.
/// Throws Error: input when a path does not exist, a side has no result, or no run has a counterpart; usage when no
/// run has a metric that is named.
Comparison compare(const std::filesystem::path& a, const std::filesystem::path& b, const Tolerance& demand);

}  // namespace qkvbench::study
