// Training by several processes under mpirun: the same bytes as one process, and all end together.
// How ranks talk and add is tested in tests/base and tests/train; here MPI carries it.
#include <unistd.h>

#include <map>
#include <random>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/models.hpp"
#include "support/mpi.hpp"

using namespace qkvbench::test;
namespace fs = std::filesystem;

namespace {

#define NEEDS_MPI()                                                          \
  if (const std::string why = why_no_mpi(); !why.empty()) {                  \
    WARN("not tested: " << why << " (Debian: libopenmpi-dev, openmpi-bin)"); \
    return;                                                                  \
  }

using Arguments = std::vector<std::string>;

Arguments with(Arguments arguments, const Arguments& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// Eight parts of steps of 16, the last of an epoch with fewer examples than parts.
Arguments task_arguments(const fs::path& out, const Arguments& task) {
  return with({"train", "--replicas", "8", "--batch-size", "16", "--d-model", "84", "--heads", "4", "--layers", "2",
               "--dropout", "0.1", "--log-every", "2", "--out", out.string()},
              task);
}

const Arguments kLists{"--task",   "sort", "--variant", "q_kv", "--seq-len",     "11", "--n-train", "37",
                       "--n-test", "20",   "--epochs",  "2",    "--micro-batch", "1"};

/// A run of some seconds that saves after every third step.
Arguments longer_run(const fs::path& out) {
  return with(small_run(out), {"--n-train", "1600", "--replicas", "4", "--resume", "--checkpoint-every", "3"});
}

}  // namespace

TEST_CASE("ranks train every family to the bytes of one process, two, four and eight of them the first", "[release]") {
  NEEDS_MPI();
  const TemporaryDirectory texts;
  std::string text;
  for (int i = 0; i < 400; ++i) text += "line " + std::to_string(i * i) + " of them\n";
  const std::vector<Arguments> tasks{
      kLists,
      {"--task", "glyphs", "--variant", "qk_v+", "--patch", "7", "--augment", "crop-flip", "--n-train", "37",
       "--n-test", "20"},
      {"--task", "anomaly", "--source", "glyphs", "--variant", "qkv", "--n-train", "37", "--n-test", "20"},
      {"--task", "lm", "--corpus", texts.write("a.txt", text), "--variant", "gta", "--positions", "rope", "--seq-len",
       "24", "--steps", "4", "--activations", "recompute"}};
  for (const Arguments& task : tasks) {
    const TemporaryDirectory alone;
    const Outcome one = run_qkvbench(with(task_arguments(alone.path(), task), {"--threads", "2"}));
    INFO(task[1] << " alone: " << one.err);
    REQUIRE(one.status == 0);
    for (const int size : {2, 4, 8}) {
      // Each rank takes a while to make its data; how sums go does not depend on the family.
      if (size != (task[1] == "anomaly" ? 2 : 4) && task != kLists) continue;
      const TemporaryDirectory shared;
      const Outcome r =
          run_ranks(size, with(task_arguments(shared.path(), task), {"--threads", size == 2 ? "2" : "1"}));
      INFO(task[1] << " by " << size << " ranks: " << r.err);
      REQUIRE(r.status == 0);
      CHECK(bits_of(shared.path()) == bits_of(alone.path()));
      CHECK(r.out.find("result.json") == r.out.rfind("result.json"));  // rank 0 alone prints
    }
  }
}

TEST_CASE("replicas change the bytes, so a run has another name with another number of them") {
  const TemporaryDirectory one, eight;
  REQUIRE(run_qkvbench(task_arguments(one.path(), with(kLists, {"--replicas", "1"}))).status == 0);
  REQUIRE(run_qkvbench(task_arguments(eight.path(), kLists)).status == 0);
  CHECK(only_entry(one.path()).filename() != only_entry(eight.path()).filename());
  CHECK(bits_of(one.path()).model != bits_of(eight.path()).model);
}

TEST_CASE("what several ranks cannot do is refused in one line, by one of them") {
  NEEDS_MPI();
  const TemporaryDirectory out;
  struct Row {
    int size;
    Arguments arguments;
    std::string said;
  };
  const std::vector<Row> rows{
      {4, {"--replicas", "2"}, "4 ranks need replicas to be a multiple of 4, and it is 2; write --replicas 4"},
      {3, {"--replicas", "4"}, "3 ranks cannot share replicas, of which there is a power of two"},
      {2, {"--replicas", "3"}, "replicas 3 is no power of two; write --replicas 2 or 4"},
      {2, {"--nonsense"}, "unknown flag '--nonsense'"},
  };
  for (const Row& row : rows) {
    const Outcome r = run_ranks(row.size, with(task_arguments(out.path(), kLists), row.arguments));
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(r.err.find(row.said) != std::string::npos);
    CHECK(r.err.find("error: ") == r.err.rfind("error: "));
  }
  CHECK(fs::is_empty(out.path()));
  const Outcome other = run_ranks(2, {"list", "tasks"});
  CHECK(other.status == 2);
  CHECK(other.err.find("qkvbench list runs in one process, and this is one of 2 ranks") != std::string::npos);
}

TEST_CASE("a finished run is found by all ranks, and an error of files on rank 0 ends all", "[crash]") {
  NEEDS_MPI();
  const TemporaryDirectory place;
  const fs::path out = place / "results";
  REQUIRE(run_ranks(2, with(small_run(out), {"--replicas", "2"})).status == 0);
  const auto before = contents_of(out);
  const Outcome again = run_ranks(2, with(small_run(out), {"--replicas", "2"}));
  CHECK(again.status == 0);
  CHECK(again.err.find("already finished") != std::string::npos);
  CHECK(contents_of(out) == before);

  Bits whole = bits_of(out);
  for (const int k : {1, 6}) {  // a full disk, at the beginning and later
    const TemporaryDirectory other, notes;
    const double begin = seconds();
    Outcome r;
    {
      const Shim shim(other.path(), "write:" + std::to_string(k) + ":ENOSPC", notes.path());
      r = run_ranks(4, with(small_run(other / "results"), {"--replicas", "4", "--resume"}));
      REQUIRE(shim.fired());
    }
    INFO("write " << k << ": " << r.err);
    CHECK(r.status == 4);
    CHECK(r.err.find("No space left on device") != std::string::npos);
    CHECK(r.err.find("error: ") == r.err.rfind("error: "));
    CHECK(seconds() - begin < 10);
    REQUIRE(run_ranks(2, with(small_run(other / "results"), {"--replicas", "4", "--resume"})).status == 0);
    const TemporaryDirectory lone;
    REQUIRE(run_qkvbench(with(small_run(lone.path()), {"--replicas", "4"})).status == 0);
    CHECK(bits_of(other / "results") == bits_of(lone.path()));
  }
}

TEST_CASE("ranks that are stopped or killed at random moments all end, and others go on to the same bytes", "[crash]") {
  NEEDS_MPI();
  const TemporaryDirectory whole, broken;
  REQUIRE(run_qkvbench(longer_run(whole.path())).status == 0);
  std::mt19937 random(3);
  constexpr std::array<int, 3> kSizes{4, 2, 1};
  int stops = 0;
  for (int i = 0; i < rounds(4, 60); ++i) {
    const int size = kSizes[static_cast<std::size_t>(i) % kSizes.size()];
    const bool kill_one = i % 2 == 0;
    double left = 0;
    std::vector<pid_t> ranks;
    const Outcome r = run_ranks(size, longer_run(broken.path()), [&](pid_t mpirun) {
      usleep(300000 + moment(random, 1.5));
      ranks = children_of(mpirun);
      left = seconds();
      if (!kill_one)
        kill(mpirun, SIGTERM);
      else if (!ranks.empty())
        kill(ranks[static_cast<std::size_t>(random()) % ranks.size()], SIGKILL);
    });
    // mpirun may end before them.
    while (seconds() - left < 20 && std::ranges::any_of(ranks, is_alive)) usleep(10000);
    left = seconds() - left;
    INFO("stop " << i << " of " << size << " ranks, status " << r.status << " after " << left << " s: " << r.err);
    if (r.status == 0) {  // it came too late: begin anew
      CHECK(bits_of(broken.path()) == bits_of(whole.path()));
      fs::remove_all(only_entry(broken.path()));
      continue;
    }
    CHECK(left < 10);
    CHECK(r.err.find("left aside") == std::string::npos);
    ++stops;
  }
  CHECK(stops > 0);
  REQUIRE(run_ranks(2, longer_run(broken.path())).status == 0);
  CHECK(bits_of(broken.path()) == bits_of(whole.path()));
}

TEST_CASE("mpirun hands the runs of a grid to ranks: each once, one table, the bytes of one process") {
  NEEDS_MPI();
  const TemporaryDirectory dir;
  const std::string grid = dir.write("tiny.json", R"({"grid": {"task": ["copy", "sub"], "variant": ["q_k_v", "q_kv"],
      "d_model": 8, "layers": 1, "heads": 2, "seq_len": 4, "n_train": 64, "n_test": 16, "epochs": 1, "batch_size": 32,
      "seed": [0, 1, 2]}})");
  REQUIRE(run_qkvbench({"sweep", grid, "--out", dir / "whole"}).status == 0);
  const Outcome r = run_ranks(3, {"sweep", grid, "--out", dir / "parts", "--jobs", "1"});
  INFO(r.out << r.err);
  CHECK(r.status == 0);
  CHECK(models_in(dir / "parts").size() == 12);
  CHECK(models_in(dir / "parts") == models_in(dir / "whole"));
  CHECK(r.out.find("qkvbench report") != std::string::npos);
  CHECK(r.out.find("qkvbench report") == r.out.rfind("qkvbench report"));
  const Outcome again = run_ranks(2, {"sweep", grid, "--out", dir / "parts"});
  CHECK(again.status == 0);
}

TEST_CASE("a run that fails on a rank does not stop the others, and all end with status 6") {
  NEEDS_MPI();
  const TemporaryDirectory dir;
  const std::string grid = dir.write("some.json", R"({"grid": {"task": "copy", "variant": "q_k_v", "d_model": 8,
      "layers": 1, "heads": 2, "seq_len": 4, "n_train": 64, "n_test": 16, "epochs": 1, "seed": [0, 1, 2, 3]}})");
  REQUIRE(run_qkvbench({"sweep", grid, "--out", dir / "runs"}).status == 0);
  const auto runs = models_in(dir / "runs");
  const fs::path damaged = fs::path(dir / "runs") / runs.begin()->first,
                 gone = fs::path(dir / "runs") / runs.rbegin()->first;
  dir.write("runs/" + damaged.filename().string() + "/model.safetensors", "damaged");
  fs::remove_all(gone);
  const Outcome r = run_ranks(2, {"sweep", grid, "--out", dir / "runs", "--jobs", "1"});
  INFO(r.out << r.err);
  CHECK(r.status == 6);
  CHECK(fs::exists(gone / "result.json"));
}
