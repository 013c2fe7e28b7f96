// Records gathered into cells of a table: one group of runs and one way to share, all its configurations and seeds; and
// their differences from a baseline, pair by pair.
// Computes; draws and prints nothing.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/groups.hpp"
#include "qkvbench/report/statistics.hpp"

namespace qkvbench::report {

/// The number that tables of a family show.
struct Metric {
  const char* key;      ///< in result.json's metrics
  const char* heading;  ///< "accuracy", "perplexity"
  bool higher_is_better;
  bool is_share;  ///< a fraction of 1, solved when it is at least kSolved
};
const Metric& metric_of(const std::string& task);
inline constexpr double kSolved = 0.99;

/// One finished run in a cell.
struct Sample {
  std::string configuration;  ///< the config object without variant, kv_heads, seed and paths of data, as JSON text
  std::uint64_t seed = 0;
  std::optional<double> value;  ///< none when the run diverged
  const run::Record* record = nullptr;
};

/// All runs of one group and arm.
struct Cell {
  std::string task;  ///< the group's
  Arm arm;
  std::vector<Sample> samples;  ///< by configuration, then seed
  /// Runs there should be: pairs of configuration and seed that any arm of the group has or the plan names, or that the
  /// compared arms share, without configurations whose query heads the arm's key/value heads do not share out.
  std::size_t expected = 0;
  std::size_t configurations = 0;  ///< of the samples with a value

  std::size_t with_value() const;
  std::size_t missing() const { return expected - with_value(); }  ///< not there, or diverged
  /// Over all runs; none when runs are missing and Summary was not asked to average all the same, or there is none.
  std::optional<double> mean, deviation;
  /// 95 %, of the mean over configurations, each by the mean of its seeds; of one configuration over seeds.
  /// See mean_interval.hpp.
  std::optional<Interval> interval;
  std::optional<double> solved;  ///< share of runs with value ≥ kSolved, of shares only
  std::size_t solved_runs = 0;   ///< as many runs, whether or not some are missing
  Group group{};
};

/// An arm against the baseline of the same group, over the pairs of configuration and seed that both have.
struct Difference {
  std::string task;
  Arm arm, baseline;
  bool relative = false;             ///< (arm − baseline)/baseline instead of arm − baseline: of perplexities
  std::size_t expected = 0;          ///< pairs there should be: the arm's expected runs
  std::vector<double> differences;   ///< pair by pair, by configuration, then seed
  PairedTest test;                   ///< deviation and t of all pairs; p as `interval` has it
  std::optional<Interval> interval;  ///< as Cell::interval, of the differences
  std::optional<double> p_holm;      ///< corrected for all arms of the group
  Group group{};
};

struct Summary {
  std::vector<std::string> tasks;  ///< in the order of all_tasks()
  std::vector<Group> groups;       ///< task by task, data set by data set, by their settings
  std::vector<Arm> arms;           ///< in the order of nn::all_kinds(), plain before +, more kv heads before fewer
  std::vector<Cell> cells;         ///< group by group, arm by arm; only those with expected runs
  std::vector<Difference> differences;
  bool averages_incomplete = false;       ///< some cell's average is over fewer runs than expected
  std::vector<std::string> builds;        ///< that the records are of; more than one only when that was asked for
  std::vector<NotCompared> not_compared;  ///< runs that are in no cell
  std::vector<std::string> remarks;  ///< data sets of one name, and over what is averaged beside seeds; a line each

  /// Null if there is none. By task: of its first group, for tables that have one group a task.
  const Cell* cell(const std::string& task, const Arm& arm) const;
  const Cell* cell(const Group& group, const Arm& arm) const;
  const Difference* difference(const std::string& task, const Arm& arm) const;
  const Difference* difference(const Group& group, const Arm& arm) const;
};

struct SummaryOptions {
  bool allow_missing = false;  ///< average over what there is; the cells' missing() says where
  bool mix_builds = false;     ///< records may be of several builds
  Arm baseline{"q_k_v", 0};
  Telling telling{};  ///< neither by keys nor by what varies: all configurations of a data set are averaged
  /// Compare, within a group, the pairs of configuration and seed that most arms share, and name the other runs; else
  /// every pair that an arm has is expected of all.
  bool shared_only = false;
  /// Runs that should be there beside those that are, by run name: a plan's.
  std::vector<run::Config> planned;
};

/// The records must outlive the summary, be of one build unless mix_builds, and hold each run once: see
/// run::keep_one_build. Throws Error (internal) otherwise.
Summary summarize(const std::vector<run::Record>& records, const SummaryOptions& options = {});

}  // namespace qkvbench::report
