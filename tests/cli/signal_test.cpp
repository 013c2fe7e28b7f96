// Signals and kills at random moments, several processes on one directory, and budgets of time.
// Moments are drawn with fixed seeds; what the process is doing then is up to the machine.
#include <unistd.h>

#include <future>
#include <random>

#include "support/catch.hpp"
#include "support/crash.hpp"

using namespace qkvbench::test;
namespace fs = std::filesystem;

namespace {

/// A run of some seconds that saves after every step.
std::vector<std::string> longer_run(const fs::path& out, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--n-train", "2400", "--n-test", "400", "--resume", "--checkpoint-every", "7"});
  return small_run(out, more);
}

void wait_for(const fs::path& directory, const std::string& name) {
  for (int i = 0; i < 20000; ++i, usleep(1000))
    for (const auto& entry : fs::recursive_directory_iterator(directory))
      if (entry.path().filename().string().starts_with(name)) return;
  FAIL("there is no " << name);
}

}  // namespace

TEST_CASE("SIGINT and SIGTERM at random moments save and leave; the run gets to the same bytes", "[crash]") {
  const TemporaryDirectory whole, broken;
  const double begin = seconds();
  REQUIRE(run_qkvbench(longer_run(whole.path())).status == 0);
  const double length = seconds() - begin;
  std::mt19937 random(1);
  int stops = 0;
  for (int i = 0; i < rounds(8, 100); ++i) {
    const int signal = i % 2 == 0 ? SIGINT : SIGTERM;
    double left = 0;
    const Outcome r = run_qkvbench(longer_run(broken.path()), [&](pid_t child) {
      usleep(moment(random, length));
      kill(child, signal);
      left = seconds();
    });
    left = seconds() - left;
    INFO("stop " << i << ", status " << r.status << ", left after " << left << " s: " << r.err);
    if (r.status == 0) {  // it came too late: begin anew
      CHECK(bits_of(broken.path()) == bits_of(whole.path()));
      fs::remove_all(only_entry(broken.path()));
      continue;
    }
    // A signal before the handlers are there ends the process as it would any other.
    CHECK(r.status == 128 + signal);
    if (std::getenv("QKVBENCH_SOAK") != nullptr) CHECK(left <= 2);  // make test runs beside other tests
    ++stops;
    if (fs::is_empty(broken.path())) continue;
    CHECK(status_of(only_entry(broken.path())) != "completed");
  }
  CHECK(stops > 0);
  REQUIRE(run_qkvbench(longer_run(broken.path())).status == 0);
  CHECK(bits_of(broken.path()) == bits_of(whole.path()));
}

TEST_CASE("kill -9 at random moments: what is left is resumed to the same bytes", "[crash]") {
  const TemporaryDirectory whole, broken;
  const double begin = seconds();
  REQUIRE(run_qkvbench(longer_run(whole.path())).status == 0);
  const double length = seconds() - begin;
  std::mt19937 random(2);
  int kills = 0;
  for (int i = 0; i < rounds(10, 200); ++i) {
    const Outcome r = run_qkvbench(longer_run(broken.path()), [&](pid_t child) {
      usleep(moment(random, length));
      kill(child, SIGKILL);
    });
    INFO("kill " << i << ": status " << r.status << " " << r.err);
    CHECK((r.status == 0 || r.status == 128 + SIGKILL));
    CHECK(r.err.find("left aside") == std::string::npos);
    kills += r.status == 0 ? 0 : 1;
    if (r.status != 0 || fs::is_empty(broken.path())) continue;
    CHECK(bits_of(broken.path()) == bits_of(whole.path()));
    fs::remove_all(only_entry(broken.path()));
  }
  CHECK(kills > 0);
  REQUIRE(run_qkvbench(longer_run(broken.path())).status == 0);
  CHECK(bits_of(broken.path()) == bits_of(whole.path()));
}

TEST_CASE("a second signal leaves at once, and what was saved before is still good", "[crash]") {
  const TemporaryDirectory whole, broken;
  REQUIRE(run_qkvbench(longer_run(whole.path())).status == 0);
  const Outcome r = run_qkvbench(longer_run(broken.path()), [&](pid_t child) {
    wait_for(broken.path(), "checkpoint-");
    kill(child, SIGTERM);
    kill(child, SIGINT);
  });
  CHECK((r.status == 128 + SIGTERM || r.status == 128 + SIGINT));
  REQUIRE(run_qkvbench(longer_run(broken.path())).status == 0);
  CHECK(bits_of(broken.path()) == bits_of(whole.path()));
}

TEST_CASE("SIGUSR1 saves and goes on", "[crash]") {
  const TemporaryDirectory out;
  const Outcome r = run_qkvbench(
      small_run(out.path(), {"--n-train", "4000", "--epochs", "1000", "--checkpoint-every", "1h"}), [&](pid_t child) {
        wait_for(out.path(), "metrics.jsonl");
        usleep(100000);
        CHECK(kill(child, SIGUSR1) == 0);
        wait_for(out.path(), "checkpoint-");
        usleep(100000);
        CHECK(kill(child, 0) == 0);  // it goes on
        kill(child, SIGKILL);
      });
  CHECK(r.status == 128 + SIGKILL);
}

TEST_CASE("max-time stops in good order, with status 75, and the run is resumed to the same bytes", "[crash]") {
  const TemporaryDirectory whole, broken;
  REQUIRE(run_qkvbench(longer_run(whole.path())).status == 0);
  const Outcome none = run_qkvbench(longer_run(broken.path(), {"--max-time", "0.000001s"}));
  CHECK(none.status == 75);
  CHECK(none.err.find("out of time at step 0, saved; --resume goes on") != std::string::npos);
  const Outcome some = run_qkvbench(longer_run(broken.path(), {"--max-time", "0.2s"}));
  CHECK((some.status == 75 || some.status == 0));
  REQUIRE(run_qkvbench(longer_run(broken.path())).status == 0);
  CHECK(bits_of(broken.path()) == bits_of(whole.path()));
  for (const char* wrong : {"0", "-1s", "1d", "s"})
    CHECK(run_qkvbench(small_run(broken.path(), {"--max-time", wrong})).status == 2);
  for (const char* wrong : {"0", "-3", "5x", "x", "99999999999999999999"})
    CHECK(run_qkvbench(small_run(broken.path(), {"--checkpoint-every", wrong})).status == 2);
}

TEST_CASE("eight processes on one run, killed at random: it is run once, and all find the same", "[crash]") {
  const TemporaryDirectory whole, shared;
  REQUIRE(run_qkvbench(longer_run(whole.path())).status == 0);
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int attempt = 0; attempt < 10000; ++attempt) {
      const bool killed = attempt < rounds(2, 20);
      const Outcome r = run_qkvbench(longer_run(shared.path()), [&](pid_t child) {
        if (!killed) return;
        usleep(moment(random, 0.5));
        kill(child, SIGKILL);
      });
      if (r.status == 0) return r.err.find("already finished") == std::string::npos ? 1 : 0;
      if (r.status != 4 && r.status != 128 + SIGKILL) return 1000 + r.status;
      usleep(20000);
    }
    return 9999;
  };
  std::vector<std::future<int>> workers;
  for (unsigned i = 0; i < 8; ++i) workers.push_back(std::async(std::launch::async, work, i + 1));
  int finished = 0;
  for (auto& worker : workers) finished += worker.get();
  CHECK(finished <= 1);  // whoever finished it may have been killed before saying so
  CHECK(bits_of(shared.path()) == bits_of(whole.path()));
}
