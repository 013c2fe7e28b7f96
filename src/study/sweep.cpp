// Children are started by as many threads as there may be runs at a time; each thread waits for one child.
// A child that was started knows nothing of the sweep: it is `train`, with every key on its command line.
#include "qkvbench/study/sweep.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <mutex>
#include <thread>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/nn/accounting.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/run/run_files.hpp"

namespace qkvbench::study {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFailureFile = "failure.json";

/// What the data of configurations are today; data that several have in common are read once.
class DataToday {
 public:
  /// Throws what the task's facts do.
  const data::DataFacts& of(const run::Config& config) {
    formats::Json key = run::config_json(config);
    for (const run::Option& option : run::all_options()) {
      const std::string name = option.key;
      const bool of_data =
          option.group == std::string("Task") || name == "vocab" || name == "classes" || name == "features";
      if (!of_data || name == "seed") key.erase(name);
    }
    const std::lock_guard guard(mutex_);
    const auto at = facts_.find(key.dump());
    if (at != facts_.end()) return at->second;
    return facts_.emplace(key.dump(), data::find_task(config.task.id).open(config.task)->facts()).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, data::DataFacts> facts_;
};

/// State, time and error of a run, from the files in its directory and today's data.
void read_state(PlannedRun& run, const fs::path& directory, DataToday& today) {
  run.state = RunState::kMissing;
  run.error.clear();
  try {
    if (const auto result = run::finished_result(run::RunFiles(directory))) {
      if (const std::string other = run::other_numerics(result->tool.numerics); !other.empty())
        fail_input(other + "; `train --overwrite` runs it again, another --out keeps both");
      if (const std::string other = run::other_data(run::dataset_json(result->dataset), today.of(run.config));
          !other.empty())
        fail_input("trained on other data of the same name (" + other +
                   "); `train --overwrite` runs it again, another --out keeps both");
      run.state = result->status == run::Status::kCompleted ? RunState::kDone : RunState::kDiverged;
      run.wall_s = result->timing.wall_s.value_or(0);
      return;
    }
    if (fs::exists(directory / kFailureFile)) {
      const fs::path path = directory / kFailureFile;
      run.error = formats::parse_json(read_file(path), path.string()).value("error", "unknown");
      run.state = RunState::kFailed;
    } else if (fs::exists(directory)) {
      run.state = RunState::kUnfinished;
    }
  } catch (const std::exception& error) {  // damaged: named, and whoever runs it next says how to mend it
    run.state = RunState::kFailed;
    run.error = error.what();
  }
}

bool finished(const PlannedRun& run) { return run.state == RunState::kDone || run.state == RunState::kDiverged; }

void forget_failure(const fs::path& directory) {
  std::error_code ignored;
  fs::remove(directory / kFailureFile, ignored);
}

/// What a child wrote to stderr last: its error.
std::string error_of(const std::string& text) {
  const std::string line = last_line(text);
  if (line.empty()) return "it ended without a message";
  return line.starts_with("error: ") ? line.substr(7) : line;
}

/// The work of one call: a list of runs, and threads that take the next one each.
class Pool {
 public:
  Pool(std::vector<PlannedRun> runs, const SweepOptions& options, SweepMonitor& monitor)
      : options_(options), monitor_(monitor) {
    report_.runs = std::move(runs);
  }

  SweepReport run() {
    monitor_.on_change(report_.runs, 0);
    for (const PlannedRun& run : report_.runs)
      if (finished(run)) forget_failure(run::run_directory(options_.out, run.config));  // it was mended by hand
    std::vector<std::thread> workers;
    for (int i = 0; i < options_.jobs; ++i) workers.emplace_back([this] { work(); });
    for (std::thread& worker : workers) worker.join();
    if (error_) std::rethrow_exception(error_);
    return std::move(report_);
  }

 private:
  void work() {
    try {
      for (std::size_t i; (i = take()) < report_.runs.size();) {
        const fs::path directory = run::run_directory(options_.out, report_.runs[i].config);
        const ProcessResult child = train(report_.runs[i].config);
        PlannedRun after = report_.runs[i];
        settle(after, child, directory);
        const std::lock_guard guard(mutex_);
        report_.runs[i] = std::move(after);
        --running_;
        monitor_.on_change(report_.runs, running_);
      }
    } catch (...) {
      const std::lock_guard guard(mutex_);
      if (!error_) error_ = std::current_exception();
      stop_ = true;
    }
  }

  /// The place of the next run to start, or one behind the last.
  std::size_t take() {
    const std::lock_guard guard(mutex_);
    while (next_ < report_.runs.size() && !is_open(report_.runs[next_])) ++next_;
    if (next_ >= report_.runs.size() || wants_stop()) return report_.runs.size();
    ++running_;
    ++report_.attempted;
    monitor_.on_change(report_.runs, running_);
    return next_++;
  }

  /// Whether a run is still to be done: another process may have been at it since the list was made. One that failed
  /// meanwhile has been tried.
  bool is_open(PlannedRun& run) {
    if (finished(run)) return false;
    const bool had_failed = run.state == RunState::kFailed;
    read_state(run, run::run_directory(options_.out, run.config), today_);
    return !finished(run) && (had_failed || run.state != RunState::kFailed);
  }

  bool wants_stop() {
    if (monitor_.wants_stop()) stop_ = report_.stopped = true;
    return stop_;
  }

  ProcessResult train(const run::Config& config) {
    std::vector<std::string> command = train_command(config, options_, options_.out);
    command.emplace_back("--resume");
    if (options_.events) command.emplace_back("--tensorboard");
    return run_process(command, [this] {
      const std::lock_guard guard(mutex_);
      return !wants_stop();
    });
  }

  /// What a child left, and failure.json when it failed.
  void settle(PlannedRun& run, const ProcessResult& child, const fs::path& directory) {
    const fs::path failure = directory / kFailureFile;
    read_state(run, directory, today_);
    if (finished(run)) {
      return forget_failure(directory);
    }
    constexpr int kHungUp = 129, kTerminated = 143;  // 128 + SIGHUP, SIGTERM
    if (child.status == static_cast<int>(Exit::kInterrupted) || child.status == kHungUp ||
        child.status == kTerminated || child.status == static_cast<int>(Exit::kOutOfTime))
      return;
    if (child.status == static_cast<int>(Exit::kOutput) && FileLock::is_held(run::RunFiles(directory).lock)) {
      const std::lock_guard guard(mutex_);
      ++report_.elsewhere;
      return;
    }
    run.state = RunState::kFailed;
    run.error = child.status > 128 ? "killed by signal " + std::to_string(child.status - 128) : error_of(child.err);
    make_directories(directory);
    const formats::Json json{{"exit_status", child.status}, {"error", run.error}};
    write_file_atomic(failure, formats::text_of(json, 2) + "\n");
  }

  const SweepOptions& options_;
  SweepMonitor& monitor_;
  DataToday today_;
  std::mutex mutex_;  // guards all below, and the monitor
  SweepReport report_;
  std::size_t next_ = 0;
  int running_ = 0;
  bool stop_ = false;
  std::exception_ptr error_;
};

}  // namespace

const char* state_name(RunState state) {
  switch (state) {
    case RunState::kMissing: return "missing";
    case RunState::kUnfinished: return "unfinished";
    case RunState::kDone: return "done";
    case RunState::kDiverged: return "diverged";
    case RunState::kFailed: return "failed";
  }
  return "";
}

double forward_macs(const run::Config& config) {
  return static_cast<double>(nn::count_cost(nn::Model(config.model)).macs_forward);
}

double run_flop(const run::Config& config) {
  const train::TrainOptions options = config.train;
  const auto trained = static_cast<double>(options.total_steps * options.batch_size);
  return forward_macs(config) * (6 * trained + 2 * static_cast<double>(config.task.n_test));
}

std::vector<PlannedRun> scan_runs(const std::vector<run::Config>& configs, const fs::path& out) {
  std::vector<PlannedRun> runs;
  DataToday today;
  runs.reserve(configs.size());
  for (const run::Config& config : configs) {
    PlannedRun run;
    run.config = config;
    run.name = run::run_name(config);
    run.flop = run_flop(config);
    read_state(run, run::run_directory(out, config), today);
    runs.push_back(std::move(run));
  }
  return runs;
}

double seconds_left(const std::vector<PlannedRun>& runs, int jobs) {
  double done_flop = 0, done_s = 0, left_flop = 0;
  for (const PlannedRun& run : runs) {
    if (!finished(run)) {
      left_flop += run.flop;
    } else if (run.wall_s > 0) {
      done_flop += run.flop;
      done_s += run.wall_s;
    }
  }
  if (left_flop == 0) return 0;
  return done_s > 0 ? left_flop / done_flop * done_s / jobs : NAN;
}

std::vector<run::Config> shard_of(const std::vector<run::Config>& configs, int shard, int shards) {
  std::vector<run::Config> mine;
  for (std::size_t i = 0; i < configs.size(); ++i)
    if (i % static_cast<std::size_t>(shards) == static_cast<std::size_t>(shard - 1)) mine.push_back(configs[i]);
  return mine;
}

std::vector<run::Config> sample_of(const std::vector<run::Config>& configs, std::size_t n, std::uint64_t seed) {
  std::vector<index_t> places = data::epoch_order(static_cast<index_t>(configs.size()), seed, 0);
  places.resize(std::min(n, places.size()));
  std::ranges::sort(places);
  std::vector<run::Config> chosen;
  for (const index_t place : places) chosen.push_back(configs[static_cast<std::size_t>(place)]);
  return chosen;
}

std::vector<std::string> train_arguments(const run::Config& config) {
  std::vector<std::string> arguments{"train"};
  const std::string family = data::find_task(config.task.id).form();
  for (const run::Option& option :
       run::all_options()) {  // not config_json(): it leaves neutral keys out, which are no defaults
    if (!option.concerns(family)) continue;
    const std::string text = option.argument(config);
    if (text.empty()) continue;  // no folder named: the default
    arguments.push_back(option.flag());
    arguments.push_back(text);
  }
  return arguments;
}

std::vector<std::string> train_command(const run::Config& config, const SweepOptions& options, const fs::path& out) {
  std::vector<std::string> command{options.program.string()};
  const std::vector<std::string> arguments = train_arguments(config);
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.insert(command.end(), {"--out", out.string(), "--threads", std::to_string(options.threads), "-q"});
  return command;
}

SweepReport sweep(const std::vector<run::Config>& configs, const SweepOptions& options, SweepMonitor& monitor) {
  make_directories(options.out);
  return Pool(scan_runs(shard_of(configs, options.shard, options.shards), options.out), options, monitor).run();
}

}  // namespace qkvbench::study
