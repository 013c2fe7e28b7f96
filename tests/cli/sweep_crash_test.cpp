// Sweeps that are killed at random moments, their runs with them, until they are done.
// Moments are drawn with fixed seeds; what the processes are doing then is up to the machine.
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "support/catch.hpp"
#include "support/crash.hpp"

using namespace qkvbench::test;
namespace fs = std::filesystem;

namespace {

/// Run name -> its bits, of all completed runs below `out`.
std::map<std::string, Bits> finished_in(const fs::path& out) {
  std::map<std::string, Bits> runs;
  if (!fs::exists(out)) return runs;
  // A run whose sweep is killed before the run is, saves and says that it was interrupted.
  for (const auto& entry : fs::directory_iterator(out))
    if (status_of(entry.path()) == "completed") runs[entry.path().filename().string()] = bits_of_run(entry.path());
  return runs;
}

/// The processes that a process has started, where the system tells.
std::vector<pid_t> children_of(pid_t parent) {
  const std::string id = std::to_string(parent);
  std::ifstream list("/proc/" + id + "/task/" + id + "/children");
  return {std::istream_iterator<pid_t>(list), {}};
}

}  // namespace

TEST_CASE("a sweep killed at random moments with its runs loses nothing, runs nothing twice, ends in the same bytes",
          "[crash]") {
  const TemporaryDirectory dir;
  qkvbench::write_file_atomic(dir / "grid.json", R"({"grid": {"task": ["reverse", "sort"], "variant": ["q_k_v", "qkv"],
      "d_model": 8, "layers": 1, "heads": 2, "seq_len": 8, "n_train": 2000, "n_test": 50, "seed": [0, 1]}})");
  const auto sweep = [&](const std::string& out) {
    return std::vector<std::string>{"sweep", dir / "grid.json", "--out", dir / out, "--jobs", "2"};
  };
  const double begin = seconds();
  REQUIRE(run_qkvbench(sweep("whole")).status == 0);
  const double length = seconds() - begin;
  const auto whole = finished_in(dir / "whole");
  REQUIRE(whole.size() == 8);

  std::mt19937 random(3);
  std::map<std::string, fs::file_time_type> acknowledged;  // run name -> when its result was written
  int kills = 0;
  for (int i = 0; i < rounds(6, 200); ++i) {
    const Outcome r = run_qkvbench(sweep("parts"), [&](pid_t pid) {
      usleep(moment(random, length));
      const std::vector<pid_t> children = children_of(pid);
      kill(pid, SIGKILL);
      for (const pid_t child : children) kill(child, SIGKILL);
    });
    INFO("kill " << i << ": status " << r.status << " " << r.err);
    CHECK((r.status == 0 || r.status == 128 + SIGKILL));
    kills += r.status == 0 ? 0 : 1;
    for (const auto& [name, bits] : finished_in(dir / "parts")) {
      INFO(name);
      REQUIRE(whole.contains(name));
      CHECK(bits == whole.at(name));
      const auto written = fs::last_write_time(fs::path(dir / "parts") / name / "result.json");
      CHECK(acknowledged.try_emplace(name, written).first->second == written);
    }
    if (r.status != 0) continue;
    CHECK(acknowledged.size() == whole.size());
    fs::remove_all(dir / "parts");
    acknowledged.clear();
  }
  CHECK(kills > 0);
  REQUIRE(run_qkvbench(sweep("parts")).status == 0);
  CHECK(finished_in(dir / "parts") == whole);
}
