// Many runs, each a process of its own, so that none can take another down; and what is known of them on disk.
// Nothing is shared between processes or machines but the directories of the runs.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/run/config.hpp"

namespace qkvbench::study {

enum class RunState {
  kMissing,     ///< nothing is there
  kUnfinished,  ///< a checkpoint to go on with, or a run that was interrupted before its first
  kDone,
  kDiverged,  ///< finished too: it would diverge again
  kFailed     ///< an attempt ended with an error; it is tried again
};
const char* state_name(RunState state);

/// One run of a sweep and what its directory says.
struct PlannedRun {
  run::Config config;
  std::string name;
  double flop = 0;  ///< training and testing, from the model's multiply-adds
  RunState state = RunState::kMissing;
  double wall_s = 0;  ///< of finished runs
  std::string error;  ///< of failed ones: the last attempt's
};

/// Model FLOPs of a whole run: 6 a multiply-add of the forward pass and training example, 2 a test example.
double run_flop(const run::Config& resolved);
/// Multiply-adds of a forward pass of one example.
double forward_macs(const run::Config& resolved);

/// What `out` holds of these runs, in the order given. A finished run of other data than today's counts as failed.
std::vector<PlannedRun> scan_runs(const std::vector<run::Config>& configs, const std::filesystem::path& out);

/// Seconds until all runs are finished with so many at a time, from the time that finished ones took;
/// NaN when none is.
double seconds_left(const std::vector<PlannedRun>& runs, int jobs);

struct SweepOptions {
  std::filesystem::path out = "results";
  std::filesystem::path program;  ///< this program's file
  int jobs = 1;                   ///< runs at a time
  int threads = 1;                ///< of each run
  bool events = false;            ///< of each run an event file for TensorBoard
  int shard = 1, shards = 1;      ///< this call does every shards-th run, beginning with the shard-th
};

/// Watches a sweep, from one thread at a time.
class SweepMonitor {
 public:
  virtual ~SweepMonitor() = default;
  /// A run ended, or `running` changed. `runs` are those of this shard.
  virtual void on_change(const std::vector<PlannedRun>& /*runs*/, int /*running*/) {}
  /// Asked some ten times a second: true lets running ones save and leave, and starts no more.
  virtual bool wants_stop() { return false; }
};

struct SweepReport {
  std::vector<PlannedRun> runs;  ///< of this shard, as they are on disk at the end
  std::size_t attempted = 0;     ///< runs that this call started
  std::size_t elsewhere = 0;     ///< left alone since another process is at work on them
  bool stopped = false;          ///< the monitor asked for it
};

/// Runs what is not finished, each as `program train … --resume`, in the order given; several processes may be at the
/// same list in another order, and each run is done by one of them; a run that fails leaves failure.json in its
/// directory and the rest go on. Which runs there are and what they leave depends on neither jobs, shards nor order of
/// completion. Throws Error (output) when `out` cannot be made.
SweepReport sweep(const std::vector<run::Config>& configs, const SweepOptions& options, SweepMonitor& monitor);

/// The runs of a shard: those whose place in the list is shard − 1 modulo shards.
std::vector<run::Config> shard_of(const std::vector<run::Config>& configs, int shard, int shards);

/// `n` of the runs by chance, or all if there are no more, in the order of the list. The same seed takes the same.
std::vector<run::Config> sample_of(const std::vector<run::Config>& configs, std::size_t n, std::uint64_t seed);

/// The command line of one run without the program: "train --task reverse …", every key of the configuration.
std::vector<std::string> train_arguments(const run::Config& config);
/// The whole of it, quiet, with its results in `out` and the threads of `options`.
std::vector<std::string> train_command(const run::Config& config, const SweepOptions& options,
                                       const std::filesystem::path& out);

}  // namespace qkvbench::study
