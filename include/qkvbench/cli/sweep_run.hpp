// What `sweep` and `reproduce` share: the flags of many runs, carrying them out, and telling how it went.
// Which runs there are is the caller's.
#pragma once
#include "qkvbench/cli/command.hpp"
#include "qkvbench/study/sweep.hpp"

namespace qkvbench::cli {

struct SweepFlags {
  std::string out = "results", shard, max_time;
  int jobs = 0;         ///< 0: as many as there are cores
  bool events = false;  ///< for TensorBoard
  /// Adds --out, --jobs, --shard, --max-time and --tensorboard. Call it before finish_command().
  void add_to(CLI::App& command);
  /// Throws Error (usage). Without --shard, a SLURM array's environment says which.
  study::SweepOptions options(const Session& session) const;
};

/// Runs to make, and what they are called together: a grid's name, or that of the file they are listed in.
struct NamedRuns {
  std::string name;
  std::vector<run::Config> configs;
};

/// Runs what is not finished, with a line of progress, and notes on stderr what failed.
/// Done, kRunsFailed when some failed, kOutOfTime, or what the signal that stopped it asks for.
struct SweepOutcome {
  study::SweepReport report;
  Exit status;
};
SweepOutcome run_all(const Session& session, const std::vector<run::Config>& configs, const SweepFlags& flags);

}  // namespace qkvbench::cli
