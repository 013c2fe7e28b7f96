// Two results, or two directories of results, field by field: what a script asks to know that nothing changed.
// Single runs against single runs; seeds only say by how much runs of one configuration differ anyway.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/run/records.hpp"

namespace qkvbench::report {

/// What is asked of two runs. Without tolerances and metrics: that their canonical parts are equal. With any of them:
/// that each metric, or each that is named, differs by at most `absolute`, by at most `relative` of the larger one, or
/// by at most what seeds differ by; everything else is only told.
struct Tolerance {
  std::optional<double> absolute, relative;
  bool seed_noise = false;  ///< or by MetricPair::seed_noise
  std::vector<std::string> metrics;
  bool allow_missing = false;  ///< a run that only one side has is no failure
  bool exact() const { return !absolute && !relative && !seed_noise && metrics.empty(); }
};

/// One metric of both; none where it is null or not there.
struct MetricPair {
  std::string name;
  std::optional<double> a, b;
  /// Where asked for: t(1 − 0.05/(2m); n − 1)·s·√2, s the standard deviation of the n seeds of this configuration and
  /// data on side a, m the number of pairs. Where runs differ by their seed alone and seeds scatter normally, no pair
  /// of the m differs by more with a probability of 0.95 at least (Bonferroni). None for a single seed.
  std::optional<double> seed_noise{};
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
/// run has a metric that is named, or none has a second seed on side a where seeds are asked for.
Comparison compare(const std::filesystem::path& a, const std::filesystem::path& b, const Tolerance& demand);

}  // namespace qkvbench::report
