// Runs that are stopped after every step, and in the middle of steps, and go on with another number of threads.
// In one process; kills and signals are in tests/cli.
#include <random>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/run/run.hpp"
#include "support/catch.hpp"
#include "support/crash.hpp"

namespace qkvbench::run {

namespace {

using test::Bits;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

/// Fifty steps, the last of each epoch smaller, with dropout.
Config fifty_steps(const std::string& task = "sort") {
  Config config;
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"task", task},
                                                                                   {"variant", "qk_v+"},
                                                                                   {"d_model", "12"},
                                                                                   {"heads", "3"},
                                                                                   {"layers", "1"},
                                                                                   {"seq_len", "5"},
                                                                                   {"max_len", "9"},
                                                                                   {"n_train", "37"},
                                                                                   {"n_test", "9"},
                                                                                   {"batch_size", "8"},
                                                                                   {"epochs", "10"},
                                                                                   {"dropout", "0.1"},
                                                                                   {"log_every", "7"}})
    set_option(config, find_option(key, "test"), value);
  resolve(config);
  return config;
}

/// Stops once so many steps are done, or the so manieth time that it is asked.
class Stopper : public Monitor {
 public:
  Stopper(index_t step, long asked) : stop_step_(step), stop_asked_(asked) {}
  void on_step(const Progress& p) override { step_ = p.step; }
  bool wants_stop() override { return step_ >= stop_step_ || ++asked_ >= stop_asked_; }
  void on_note(const std::string& text) override { FAIL(text); }

 private:
  index_t stop_step_, step_ = 0;
  long stop_asked_, asked_ = 0;
};

constexpr index_t kNever = 1 << 30;

Status run_until(const fs::path& out, const Config& config, int n_threads, index_t step, long asked = kNever) {
  set_threads(n_threads);
  Stopper stopper(step, asked);
  RunOptions options;
  options.out = out;
  options.resume = true;
  return run(config, options, stopper).result.status;
}

}  // namespace

TEST_CASE("a run stopped after any of fifty steps and resumed with 1, 2 and 1 threads gives the same bytes",
          "[crash]") {
  const Config config = fifty_steps();
  REQUIRE(config.train.total_steps == 50);
  const TemporaryDirectory whole;
  REQUIRE(run_until(whole.path(), config, 2, kNever) == Status::kCompleted);
  const Bits bits = test::bits_of(whole.path());
  int same = 0;
  for (index_t step = 0; step < 50; ++step) {
    const TemporaryDirectory broken;
    REQUIRE(run_until(broken.path(), config, 1, step) == Status::kInterrupted);
    if (step + 6 < 50) REQUIRE(run_until(broken.path(), config, 2, step + 6) == Status::kInterrupted);
    REQUIRE(run_until(broken.path(), config, 1, kNever) == Status::kCompleted);
    same += test::bits_of(broken.path()) == bits ? 1 : 0;
  }
  CHECK(same == 50);
}

TEST_CASE("a run stopped between any two operations of a step or of its tests gives the same bytes", "[crash]") {
  Config config = fifty_steps("reverse");
  config.epochs = 1, config.train.micro_batch = 3;
  for (const char* activations : {"keep", "recompute"}) {
    set_option(config, find_option("activations", ""), activations);
    resolve(config);
    const TemporaryDirectory whole;
    REQUIRE(run_until(whole.path(), config, 1, kNever) == Status::kCompleted);
    const Bits bits = test::bits_of(whole.path());
    bool finished = false;
    for (long asked = 1; !finished; asked += test::rounds(37, 1)) {
      const TemporaryDirectory broken;
      finished = run_until(broken.path(), config, 2, kNever, asked) == Status::kCompleted;
      REQUIRE(run_until(broken.path(), config, 1, kNever) == Status::kCompleted);
      CHECK(test::bits_of(broken.path()) == bits);
    }
  }
}

TEST_CASE("a run that is replaced and stopped leaves the finished one, and goes on to the same bytes", "[crash]") {
  const Config config = fifty_steps();
  const TemporaryDirectory out;
  REQUIRE(run_until(out.path(), config, 1, kNever) == Status::kCompleted);
  const fs::path place = out.path() / run_name(config);
  const Bits bits = test::bits_of_run(place);
  RunOptions options;
  options.out = out.path();
  options.overwrite = true;
  Stopper stopper(20, kNever), never(kNever, kNever);
  CHECK(run(config, options, stopper).result.status == Status::kInterrupted);
  CHECK(test::bits_of_run(place) == bits);
  CHECK(run_until(out.path(), config, 1, kNever) == Status::kCompleted);  // found
  options.resume = true;
  const RunReport report = run(config, options, never);
  CHECK(report.result.status == Status::kCompleted);
  CHECK(report.directory == place);
  CHECK(test::bits_of(out.path()) == bits);  // nothing is left beside it
}

}  // namespace qkvbench::run
