// sweep and reproduce as a user runs them: what is run, what is found, what is shared out, and what fails.
#include <unistd.h>

#include <algorithm>
#include <map>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/models.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::models_in;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

constexpr const char* kGrid =
    R"({"grid": {"task": ["copy", "sub"], "variant": ["q_k_v", "q_kv"], "d_model": 8, "layers": 1, "heads": 2,
        "seq_len": 4, "n_train": 64, "n_test": 16, "epochs": 1, "batch_size": 32, "seed": [0, 1]}})";

std::string grid_in(const TemporaryDirectory& dir) {
  write_file_atomic(dir / "tiny.json", kGrid);
  return dir / "tiny.json";
}

Outcome sweep(const TemporaryDirectory& dir, const std::string& out, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"sweep", dir / "tiny.json", "--out", dir / out, "--json", "-"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_qkvbench(arguments);
}

fs::path first_run(const fs::path& out) { return out / models_in(out).begin()->first; }

}  // namespace

TEST_CASE("a sweep runs what is missing, one at a time or several, in shards or not, to the same bytes") {
  const TemporaryDirectory dir;
  grid_in(dir);
  const Outcome all = sweep(dir, "all", {"--jobs", "2"});
  INFO(all.err);
  REQUIRE(all.status == 0);
  const json said = json::parse(all.out);
  CHECK(said["counts"]["done"] == 8);
  CHECK(said["runs"].size() == 8);
  const auto models = models_in(dir / "all");
  CHECK(models.size() == 8);

  REQUIRE(sweep(dir, "parts", {"--shard", "2/2", "--jobs", "1"}).status == 0);
  CHECK(models_in(dir / "parts").size() == 4);
  const json half = json::parse(sweep(dir, "parts", {"--status"}).out);
  CHECK(half["counts"]["done"] == 4);
  CHECK(half["counts"]["missing"] == 4);
  CHECK(half["left_s"].get<double>() > 0);
  REQUIRE(sweep(dir, "parts", {"--shard", "1/2"}).status == 0);
  CHECK(models_in(dir / "parts") == models);

  // Only what is gone is run again.
  const fs::path gone = first_run(dir / "all");
  fs::remove_all(gone);
  REQUIRE(sweep(dir, "all").status == 0);
  CHECK(models_in(dir / "all") == models);
  CHECK(fs::exists(gone / "result.json"));
}

TEST_CASE("one run that fails does not stop the rest, says why, and is tried again") {
  const TemporaryDirectory dir;
  grid_in(dir);
  REQUIRE(sweep(dir, "out").status == 0);
  const fs::path damaged = first_run(dir / "out");
  const std::string model = read_file(damaged / "model.safetensors");
  write_file_atomic(damaged / "model.safetensors", model.substr(1));
  const Outcome failed = sweep(dir, "out");
  CHECK(failed.status == 6);
  CHECK(failed.err.find(damaged.filename().string()) != std::string::npos);
  const json said = json::parse(failed.out);
  CHECK(said["counts"]["failed"] == 1);
  CHECK(said["counts"]["done"] == 7);
  const json failure = json::parse(read_file(damaged / "failure.json"));
  CHECK(failure["exit_status"] == 3);
  write_file_atomic(damaged / "model.safetensors", model);
  CHECK(sweep(dir, "out").status == 0);
  CHECK(!fs::exists(damaged / "failure.json"));
}

TEST_CASE("a sweep that is stopped or killed goes on to the same bytes, and a run is marked completed only when it is",
          "[release]") {
  const TemporaryDirectory dir;
  // About half a second a run, so that signals come in the middle of some.
  write_file_atomic(dir / "tiny.json", R"({"grid": {"task": "reverse", "variant": ["q_k_v", "qkv"], "d_model": 32,
      "n_train": 3000, "n_test": 100, "seed": [0, 1, 2]}})");
  REQUIRE(sweep(dir, "whole").status == 0);
  for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
    const Outcome stopped =
        run_qkvbench({"sweep", dir / "tiny.json", "--out", dir / "parts", "--jobs", "2"}, [&](pid_t pid) {
          usleep(400000);
          kill(pid, signal);
        });
    INFO(stopped.err);
    CHECK((stopped.status == 128 + signal || stopped.status == 0));
    for (const auto& [name, model] : models_in(dir / "parts")) CHECK(model == models_in(dir / "whole")[name]);
  }
  usleep(1000000);  // runs of the killed sweep save and leave
  REQUIRE(sweep(dir, "parts").status == 0);
  CHECK(models_in(dir / "parts") == models_in(dir / "whole"));
}

TEST_CASE("a SLURM array's environment chooses the shard, and the script names it") {
  const TemporaryDirectory dir;
  const Outcome script = run_qkvbench({"sweep", grid_in(dir), "--slurm", "8", "--out", "shared/results"});
  CHECK(script.status == 0);
  for (const char* part : {"#!/bin/sh", "--array=1-8", "tiny.json", "--out shared/results"})
    CHECK(script.out.find(part) != std::string::npos);
  CHECK(script.out.find("--mem-per-cpu=513M\n") != std::string::npos);  // a quarter more than training, and 512 MiB
  const Outcome ranks = run_qkvbench(
      {"sweep", grid_in(dir), "--slurm", "4", "--single-node", "--jobs", "2", "--threads", "3", "--max-time", "1h"});
  for (const char* part : {"--ntasks=4\n", "--nodes=1\n", "--cpus-per-task=6\n", "--time=65\n", "--requeue\n",
                           "srun --mpi=pmix --ntasks=4 --cpus-per-task=6", "--max-time 1h\n", "scontrol requeue"})
    CHECK(ranks.out.find(part) != std::string::npos);
  CHECK(ranks.out.find("--array") == std::string::npos);
  CHECK(run_qkvbench({"sweep", grid_in(dir), "--mpi"}).status == 2);
  setenv("SLURM_ARRAY_TASK_ID", "6", 1);
  setenv("SLURM_ARRAY_TASK_MIN", "5", 1);
  setenv("SLURM_ARRAY_TASK_COUNT", "4", 1);
  const json second = json::parse(sweep(dir, "none", {"--status"}).out);
  setenv("SLURM_ARRAY_TASK_ID", "x", 1);
  const Outcome wrong = sweep(dir, "none", {"--status"});
  for (const char* name : {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"}) unsetenv(name);
  const json all = json::parse(sweep(dir, "none", {"--status"}).out);
  REQUIRE(second["runs"].size() == 2);
  CHECK(second["runs"][0] == all["runs"][1]);
  CHECK(second["runs"][1] == all["runs"][5]);
  CHECK(wrong.status == 2);
  CHECK(wrong.err.find("SLURM_ARRAY_TASK_ID='x'") != std::string::npos);
}

TEST_CASE("wrong flags of sweep and reproduce are status 2 and run nothing") {
  const TemporaryDirectory dir;
  grid_in(dir);
  const std::vector<std::vector<std::string>> wrong{{"sweep", "table9"},
                                                    {"sweep", "tabel1"},
                                                    {"sweep", dir / "tiny.json", "--shard", "3/2"},
                                                    {"sweep", dir / "tiny.json", "--shard", "0/2"},
                                                    {"sweep", dir / "tiny.json", "--shard", "1"},
                                                    {"sweep", dir / "tiny.json", "--max-time", "soon"},
                                                    {"sweep", dir / "tiny.json", "--jobs", "0"},
                                                    {"reproduce", "table3"},
                                                    {"reproduce", "table1", "--budget", "-5m"},
                                                    {"reproduce", "table1", "--budget", "5d"}};
  for (std::vector<std::string> arguments : wrong) {
    arguments.insert(arguments.end(), {"--out", dir / "nothing"});
    const Outcome r = run_qkvbench(arguments);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.err.rfind("error: ", 0) == 0);
    CHECK(std::ranges::count(r.err, '\n') == 1);
  }
  CHECK(!fs::exists(dir / "nothing"));
  CHECK(run_qkvbench({"sweep", dir / "gone.json"}).status == 3);
}

TEST_CASE("reproduce accounting agrees to the unit") {
  const Outcome r = run_qkvbench({"reproduce", "accounting", "--json", "-"});
  CHECK(r.status == 0);
  const json said = json::parse(r.out);
  CHECK(said["cells"].size() == 32);
  for (const json& row : said["cells"]) CHECK(row["here"] == row["paper"]);
  for (const json& claim : said["claims"]) CHECK(claim["verdict"] == "holds");
}

TEST_CASE("a plan is kept: the same command goes on with the same runs, and says what is missing") {
  const TemporaryDirectory dir;
  // Written by hand, so that the test trains nothing: what a first call leaves.
  fs::create_directories(dir / "out");
  write_file_atomic(dir / "out/plan-table1-60s.json",
                    R"({"recipe": "table1", "budget": "60s", "level": "table1-least", "tasks": ["copy"],
                        "unavailable": [], "expected_s": 5})");
  const Outcome r = run_qkvbench(
      {"reproduce", "table1", "--budget", "1m", "--out", dir / "out", "--max-time", "0.001s", "--jobs", "1"});
  INFO(r.err);
  CHECK(r.status == 75);
  CHECK(r.err.find("18 runs of table1-least") != std::string::npos);
  write_file_atomic(dir / "out/plan-table1-60s.json", R"({"recipe": "table1", "level": 3})");
  const Outcome damaged = run_qkvbench({"reproduce", "table1", "--budget", "1m", "--out", dir / "out"});
  CHECK(damaged.status == 3);
  CHECK(damaged.err.find("plan-table1-60s.json") != std::string::npos);
}
