// The same bits for any number of threads, from run to run, and for a run that was stopped and resumed.
// Compares bytes, never numbers within a tolerance.
#include <unistd.h>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/crash.hpp"

using nlohmann::ordered_json;
using qkvbench::test::Bits;
using qkvbench::test::bits_of;
using qkvbench::test::contents_of;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

/// Until the only run below `out` has written a point of its curve, at most ten seconds.
void wait_for_training(const std::filesystem::path& out) {
  for (int i = 0; i < 10000; ++i, usleep(1000))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(out))
      if (entry.path().filename() == "metrics.jsonl" && entry.file_size() > 0) return;
}

/// Sizes that are no multiple of any vector or tile, a last batch that is smaller, and dropout.
std::vector<std::string> arguments(const std::string& variant, const std::filesystem::path& out,
                                   std::vector<std::string> more = {}) {
  std::vector<std::string> args{"train", "--task",    "sort", "--variant", variant, "--d-model", "36", "--heads",
                                "4",     "--seq-len", "11",   "--n-train", "150",   "--n-test",  "50", "--batch-size",
                                "32",    "--dropout", "0.1",  "--epochs",  "3",     "--out",     out};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace

TEST_CASE("all variants give the same bits with 1, 2, 3 and 4 threads", "[release]") {
  for (const char* variant : {"q_k_v", "qk_v", "q_kv", "qv_k", "qkv", "q_k_v+", "qk_v+", "q_kv+", "qv_k+", "qkv+"}) {
    std::vector<Bits> bits;
    for (const char* threads : {"1", "2", "3", "4"}) {
      const TemporaryDirectory out;
      const Outcome r = run_qkvbench(arguments(variant, out.path(), {"--threads", threads}));
      INFO(variant << " with " << threads << " threads: " << r.err);
      REQUIRE(r.status == 0);
      bits.push_back(bits_of(out.path()));
      CHECK(bits.back() == bits.front());
    }
  }
}

TEST_CASE(
    "images, sets, scores that go by the distance and bf16 give the same bits with 1, 2 and 3 threads, in parts or "
    "resumed",
    "[release]") {
  const std::vector<std::vector<std::string>> tasks{
      {"--task", "glyphs", "--patch", "7", "--augment", "crop-flip", "--n-val", "20", "--micro-batch", "9"},
      {"--task", "anomaly", "--source", "glyphs", "--dropout", "0.1"},
      {"--task", "sort", "--seq-len", "11", "--plus", "relative", "--dropout", "0.1", "--n-train", "1000"},
      {"--task", "sort", "--seq-len", "11", "--precision", "bf16", "--dropout", "0.1", "--n-train", "1000"}};
  for (const std::vector<std::string>& task : tasks) {
    std::vector<std::string> args{"train", "--n-train", "150", "--n-test",  "50",    "--batch-size", "32", "--d-model",
                                  "36",    "--heads",   "4",   "--variant", "qk_v+", "--epochs",     "3"};
    args.insert(args.end(), task.begin(), task.end());
    std::vector<Bits> bits;
    for (const char* threads : {"1", "2", "3"}) {
      const TemporaryDirectory out;
      std::vector<std::string> more{"--threads", threads, "--out", out.path()};
      more.insert(more.begin(), args.begin(), args.end());
      const Outcome r = run_qkvbench(more);
      INFO(task[1] << " with " << threads << " threads: " << r.err);
      REQUIRE(r.status == 0);
      CHECK((r.err.find("waited for data") != std::string::npos) == (task[1] != "sort"));  // told of images alone
      bits.push_back(bits_of(out.path()));
      CHECK(bits.back() == bits.front());
    }
    const TemporaryDirectory broken;
    args.insert(args.end(), {"--out", broken.path(), "--resume", "--checkpoint-every", "1"});
    const Outcome stopped = run_qkvbench(args, [&](pid_t child) {
      wait_for_training(broken.path());
      kill(child, SIGTERM);
    });
    CHECK((stopped.status == 128 + SIGTERM || stopped.status == 0));
    REQUIRE(run_qkvbench(args).status == 0);
    CHECK(bits_of(broken.path()) == bits.front());
  }
}

TEST_CASE("shared heads give the same bits with 1 and 3 threads") {
  for (const char* kv_heads : {"1", "2"}) {
    const TemporaryDirectory one, three;
    REQUIRE(run_qkvbench(arguments("q_kv", one.path(), {"--kv-heads", kv_heads, "--threads", "1"})).status == 0);
    REQUIRE(run_qkvbench(arguments("q_kv", three.path(), {"--kv-heads", kv_heads, "--threads", "3"})).status == 0);
    CHECK(bits_of(one.path()) == bits_of(three.path()));
  }
}

TEST_CASE("another seed gives other bits") {
  const TemporaryDirectory a, b;
  REQUIRE(run_qkvbench(arguments("qk_v", a.path())).status == 0);
  REQUIRE(run_qkvbench(arguments("qk_v", b.path(), {"--seed", "1"})).status == 0);
  CHECK(bits_of(a.path()).model != bits_of(b.path()).model);
}

TEST_CASE("a run that is interrupted or killed again and again, and resumed with other threads, gives the same bits",
          "[release]") {
  const std::vector<std::string> longer{"--n-train", "3000", "--epochs", "4"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), longer.begin(), longer.end());
    return more;
  };
  const TemporaryDirectory whole, broken;
  REQUIRE(run_qkvbench(arguments("qk_v+", whole.path(), with({"--threads", "2"}))).status == 0);

  int stops = 0;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const int signal = attempt % 2 == 0 ? SIGKILL : SIGTERM;
    const auto microseconds = static_cast<useconds_t>(20000 + 7919 * attempt);
    const Outcome r = run_qkvbench(
        arguments("qk_v+", broken.path(),
                  with({"--threads", attempt % 3 == 0 ? "1" : "2", "--resume", "--checkpoint-every", "1"})),
        [&](pid_t child) {
          usleep(microseconds);
          kill(child, signal);
        });
    INFO("attempt " << attempt << ": " << r.status << " " << r.err);
    if (r.status == 0) break;
    CHECK((r.status == 128 + SIGKILL || r.status == 128 + SIGTERM));
    ++stops;
  }
  CHECK(stops >= 2);
  CHECK(bits_of(whole.path()) == bits_of(broken.path()));
}

TEST_CASE("an unfinished run is neither lost nor silently begun anew") {
  const TemporaryDirectory out;
  const std::vector<std::string> endless{"--epochs", "100000", "--log-every", "20", "--checkpoint-every", "1"};
  const Outcome stopped = run_qkvbench(arguments("qkv", out.path(), endless), [&](pid_t child) {
    wait_for_training(out.path());
    kill(child, SIGINT);
  });
  CHECK(stopped.status == 130);
  CHECK(stopped.err.find("--resume") != std::string::npos);
  const auto run = qkvbench::test::only_entry(out.path());
  CHECK(ordered_json::parse(qkvbench::read_file(run / "result.json"))["status"] == "interrupted");
  const auto before = contents_of(run);
  const Outcome again = run_qkvbench(arguments("qkv", out.path(), endless));
  CHECK(again.status == 2);
  CHECK(again.err.find("--resume") != std::string::npos);
  CHECK(contents_of(run) == before);
}

TEST_CASE("a second process on the same run is refused") {
  const TemporaryDirectory out;
  const std::vector<std::string> endless{"--epochs", "100000", "--log-every", "20"};
  run_qkvbench(arguments("qkv", out.path(), endless), [&](pid_t first) {
    wait_for_training(out.path());
    const Outcome second = run_qkvbench(arguments("qkv", out.path(), endless));
    CHECK(second.status == 4);
    CHECK(second.err.find("in use by another") != std::string::npos);
    kill(first, SIGKILL);
  });
}
