// Flags, progress and endings of many runs.
// The runs themselves are processes of their own, see study/sweep.
#include "qkvbench/cli/sweep_run.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/progress.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using study::PlannedRun;
using study::RunState;

std::size_t count(const std::vector<PlannedRun>& runs, RunState state) {
  return static_cast<std::size_t>(
      std::ranges::count_if(runs, [&](const PlannedRun& run) { return run.state == state; }));
}

/// How far all runs are.
class SweepLine : public study::SweepMonitor {
 public:
  SweepLine(const Session& session, int jobs, double max_time_s)
      : line_(session), jobs_(jobs), end_(max_time_s > 0 ? seconds_now() + max_time_s : HUGE_VAL) {}

  void on_change(const std::vector<PlannedRun>& runs, int running) override {
    const std::size_t done = count(runs, RunState::kDone) + count(runs, RunState::kDiverged);
    const bool first = std::exchange(first_, false), last = done == runs.size();
    if (!line_.on_terminal() && !line_.due() && !first && !last) return;
    std::string line = std::to_string(done) + " of " + std::to_string(runs.size()) + " runs done, " +
                       std::to_string(running) + " running";
    if (const std::size_t failed = count(runs, RunState::kFailed)) line += ", " + std::to_string(failed) + " failed";
    const double left = study::seconds_left(runs, jobs_);
    if (std::isfinite(left) && !last) line += ", " + report::duration(left) + " left";
    line_.show(line);
  }
  bool wants_stop() override {
    out_of_time_ = out_of_time_ || seconds_now() > end_;
    return out_of_time_ || stop_signal() != 0;
  }
  bool out_of_time() const { return out_of_time_; }

 private:
  StatusLine line_;
  int jobs_;
  double end_;
  bool first_ = true, out_of_time_ = false;
};

/// A message for each way in which runs ended badly; those that ended alike are told once.
void note_failures(const Session& session, const std::vector<PlannedRun>& runs) {
  std::vector<std::pair<std::string, std::vector<std::string>>> ways;  // what happened, names of runs
  for (const PlannedRun& run : runs) {
    if (run.state != RunState::kFailed && run.state != RunState::kDiverged) continue;
    const std::string way = study::state_name(run.state) + (run.error.empty() ? "" : ": " + run.error);
    auto at = std::ranges::find(ways, way, [](const auto& pair) { return pair.first; });
    if (at == ways.end()) at = ways.insert(ways.end(), {way, {}});
    at->second.push_back(run.name);
  }
  for (const auto& [way, names] : ways)
    note(session,
         names.front() + (names.size() > 1 ? " and " + std::to_string(names.size() - 1) + " more" : "") + ": " + way);
}

/// "2/8" into options.
void read_shard(const std::string& text, study::SweepOptions& options) {
  const std::size_t slash = text.find('/');
  const char* end = text.data() + text.size();
  if (slash != std::string::npos) {
    const auto first = std::from_chars(text.data(), text.data() + slash, options.shard);
    const auto second = std::from_chars(text.data() + slash + 1, end, options.shards);
    if (first.ec == std::errc{} && first.ptr == text.data() + slash && second.ec == std::errc{} && second.ptr == end &&
        options.shard >= 1 && options.shard <= options.shards)
      return;
  }
  fail_usage("--shard: '" + text + "' is not i/N with 1 ≤ i ≤ N; the second of eight is 2/8");
}

int environment_number(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  int number = 0;
  const std::string_view all(text);
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  if (error != std::errc{} || end != all.data() + all.size())
    fail_usage(std::string(name) + "='" + text + "' in the environment is no whole number; unset it, or give --shard");
  return number;
}

}  // namespace

void SweepFlags::add_to(CLI::App& command) {
  add_option(command, "--out", out, "directory of all runs").type_name("DIR [results]").group("Files");
  add_flag(command, "--tensorboard", events, "of each run that is made the curve for TensorBoard too, see train")
      .group("Files");
  add_option(command, "--jobs", jobs, "runs at a time; default: one for each core, on one thread each")
      .between(1, 1024)
      .type_name("N")
      .group("Runs");
  add_option(command, "--shard", shard,
             "only every N-th run, beginning with the i-th; default: a SLURM array's, or all runs")
      .type_name("i/N")
      .group("Runs");
  add_option(command, "--max-time", max_time, "stop in good order after so long (90s, 10m, 1.5h), with status 75")
      .type_name("TIME")
      .group("Runs");
}

study::SweepOptions SweepFlags::options(const Session& session) const {
  study::SweepOptions options;
  options.out = out;
  options.program = program_path();
  options.events = events;
  const int cores = own_cores(session);
  options.jobs = jobs > 0 ? jobs : cores;
  options.threads = session.threads > 0 ? session.threads : std::max(1, cores / options.jobs);
  if (!shard.empty()) {
    read_shard(shard, options);
  } else if (std::getenv("SLURM_ARRAY_TASK_ID") != nullptr) {
    options.shards = environment_number("SLURM_ARRAY_TASK_COUNT", 1);
    options.shard = environment_number("SLURM_ARRAY_TASK_ID", 1) - environment_number("SLURM_ARRAY_TASK_MIN", 1) + 1;
    if (options.shard < 1 || options.shard > options.shards)
      fail_usage("the SLURM array in the environment has no step 1; number it without gaps, or give --shard");
  }
  return options;
}

namespace {

/// The list as a rank goes through it: from the beginning of its own part on and around, so that ranks meet late. What
/// another one has done or is at it passes by.
std::vector<run::Config> order_of(const Ranks& ranks, std::vector<run::Config> configs) {
  const auto n = static_cast<std::ptrdiff_t>(configs.size());
  std::ranges::rotate(configs, configs.begin() + n * ranks.rank() / ranks.size());
  return configs;
}

/// Waits for all ranks; what they leave is then as it is on disk. Returns the signal that stopped one of them, or 0.
int meet(Ranks& ranks, const std::vector<run::Config>& configs, const study::SweepOptions& options,
         study::SweepReport& report) {
  Word word;
  word.stop = stop_signal();
  const int signal = ranks.agree(word).stop;
  report.runs = study::scan_runs(study::shard_of(configs, options.shard, options.shards), options.out);
  report.elsewhere = 0;
  return signal;
}

}  // namespace

SweepOutcome run_all(const Session& session, const std::vector<run::Config>& configs, const SweepFlags& flags) {
  const study::SweepOptions options = flags.options(session);
  catch_stop_signals();
  SweepOutcome outcome{{}, Exit::kDone};
  bool out_of_time = false;
  int signal = 0;
  launch_alone();
  {
    SweepLine line(session, options.jobs, flags.max_time.empty() ? 0 : parse_duration("--max-time", flags.max_time));
    outcome.report = study::sweep(order_of(*session.ranks, configs), options, line);
    out_of_time = line.out_of_time();
    signal = stop_signal();
    if (session.ranks->size() > 1) signal = meet(*session.ranks, configs, options, outcome.report);
  }
  note_failures(session, outcome.report.runs);
  if (outcome.report.elsewhere > 0)
    note(session, std::to_string(outcome.report.elsewhere) + " runs were left to another process that is at them");
  if (count(outcome.report.runs, RunState::kFailed) > 0) outcome.status = Exit::kRunsFailed;
  if (out_of_time) outcome.status = Exit::kOutOfTime;
  if (signal != 0) outcome.status = static_cast<Exit>(128 + signal);
  return outcome;
}

}  // namespace qkvbench::cli
