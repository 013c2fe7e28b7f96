// Short runs in a hidden folder, several at a time.
// Where there are fewer sizes than runs at a time, each is timed by several copies, so that all cores are as busy as
// they will be.
#include "qkvbench/study/run_time.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/result.hpp"

namespace qkvbench::study {

namespace fs = std::filesystem;

namespace {

// Steps of a timed run: enough that the first ones, which take the memory, weigh little, but of large models no more
// than take some seconds.
constexpr double kMostSteps = 40, kLeastSteps = 4, kSeconds = 3;
constexpr double kBiggerIsFaster = 4;

double flop_of_step(double macs, const run::Config& config) {
  return 6 * macs * static_cast<double>(config.train.batch_size);
}

std::string size_of(const run::Config& config) {
  formats::Json key = run::config_json(config);
  for (const char* other : {"variant", "kv_heads", "pos_dim", "seed", "steps", "epochs", "log_every"}) key.erase(other);
  const data::FamilyTraits& traits = data::find_task(config.task.id).traits();
  if (traits.all_or_nothing && !traits.decodes) key["task"] = traits.id;  // lists of the same length cost the same
  return key.dump() + (config.model.variant.plus ? "+" : "");
}

struct Timed {
  double wall_s = 0, train_s = 0;
};

/// One short run from its start to its end.
Timed time_run(const run::Config& config, const SweepOptions& options, const fs::path& folder) {
  const double begin = seconds_now();
  const ProcessResult child = run_process(train_command(config, options, folder));
  Timed timed;
  timed.wall_s = seconds_now() - begin;
  const fs::path result = run::run_directory(folder, config) / "result.json";
  // One that diverges in its first steps is timed as well as another.
  if (!fs::exists(result)) {
    const std::string why = child.err.substr(0, child.err.find('\n'));
    fail_internal("a run of " + config.task.id + " cannot be timed: " + (why.empty() ? "it left no result" : why));
  }
  timed.train_s = run::parse_result(read_file(result), result.string()).timing.train_s.value_or(0);
  return timed;
}

/// Each run in a folder of its own, so many at a time.
std::vector<Timed> time_runs(const std::vector<run::Config>& runs, const SweepOptions& options,
                             const fs::path& folder) {
  std::vector<Timed> timed(runs.size());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&] {
    try {
      for (std::size_t i; (i = next++) < runs.size();)
        timed[i] = time_run(runs[i], options, folder / std::to_string(i));
    } catch (...) {
      const std::lock_guard guard(mutex);
      if (!error) error = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  for (int i = 0; i < options.jobs; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (error) std::rethrow_exception(error);
  return timed;
}

/// When the last of several runs ends that are started in their order, each as soon as a place is free.
double last_end(const std::vector<double>& seconds, int places) {
  std::vector<double> busy(static_cast<std::size_t>(places), 0);
  for (const double s : seconds) *std::ranges::min_element(busy) += s;
  return *std::ranges::max_element(busy);
}

double flop_of(const std::vector<run::Config>& runs) {
  double flop = 0;
  for (const run::Config& config : runs) flop += run_flop(config);
  return flop;
}

}  // namespace

RunClock::RunClock(const SweepOptions& options) : options_(options) {}

void RunClock::time_sizes(const std::map<std::string, run::Config>& sizes) {
  if (sizes.empty()) return;
  const std::size_t copies = (static_cast<std::size_t>(options_.jobs) + sizes.size() - 1) / sizes.size();
  std::vector<run::Config> runs;
  for (std::size_t copy = 0; copy < copies; ++copy)
    for (const auto& [size, config] : sizes) {
      runs.push_back(config);
      const double in_time = kSeconds * best_flop_per_s_ / flop_of_step(forward_macs(config), config);
      const double steps = best_flop_per_s_ > 0 ? std::clamp(in_time, kLeastSteps, kMostSteps) : kMostSteps;
      runs.back().steps = std::min(static_cast<index_t>(steps), config.train.total_steps);
      runs.back().epochs = run::Config{}.epochs;
    }
  const fs::path folder = options_.out / ".timing";
  std::error_code ignored;
  fs::remove_all(folder, ignored);  // of a call that was killed
  make_directories(folder);
  const std::vector<Timed> timed = time_runs(runs, options_, folder);
  fs::remove_all(folder, ignored);
  std::size_t i = 0;
  for (const auto& [size, config] : sizes) {
    Size& known = known_[size];
    known.macs = forward_macs(config);
    for (std::size_t copy = 0; copy < copies; ++copy) {
      const Timed& one = timed[copy * sizes.size() + i];
      known.step_s += one.train_s / static_cast<double>(runs[i].steps) / static_cast<double>(copies);
      known.fixed_s += (one.wall_s - one.train_s) / static_cast<double>(copies);
    }
    best_flop_per_s_ = std::max(best_flop_per_s_, flop_of_step(known.macs, config) / std::max(known.step_s, 1e-9));
    ++i;
  }
}

double RunClock::expect(const std::vector<run::Config>& runs) {
  std::map<std::string, run::Config> unknown;
  for (const run::Config& config : runs)
    if (const std::string size = size_of(config); !known_.contains(size)) unknown.emplace(size, config);
  time_sizes(unknown);
  std::vector<double> seconds;
  for (const run::Config& config : runs) {
    const Size& size = known_.at(size_of(config));
    const auto steps = static_cast<double>(config.train.total_steps);
    seconds.push_back(size.fixed_s + steps * size.step_s * forward_macs(config) / size.macs);
  }
  return last_end(seconds, options_.jobs);
}

double RunClock::at_least(const std::vector<run::Config>& runs) const { return roughly(runs) / kBiggerIsFaster; }

double RunClock::roughly(const std::vector<run::Config>& runs) const {
  return best_flop_per_s_ > 0 ? flop_of(runs) / best_flop_per_s_ / options_.jobs : 0;
}

}  // namespace qkvbench::study
