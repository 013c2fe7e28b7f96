// Runs that the first version of schema 1 left are still read, evaluated, found and gone on with.
// Their numbers are compared only where no processor can differ: they are read, not computed.
#include <cmath>
#include <fstream>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = fs::path(SOURCE_DIR) / "tests/fixtures/schema1";
constexpr const char *kFinished = "copy-q_kv-s0-6432b008", *kText = "lm-q_kv-s0-699cd64a",
                     *kStopped = "copy-q_k_v-s0-f94ec886";

/// A copy that a test may write to.
void copy_to(const TemporaryDirectory& dir) { fs::copy(kFixtures, dir / "runs", fs::copy_options::recursive); }

std::vector<std::string> train_copy(const TemporaryDirectory& dir, const std::vector<std::string>& more) {
  std::vector<std::string> all{"train", "--task",       "copy", "--d-model", "8",         "--layers",  "1",  "--heads",
                               "2",     "--seq-len",    "4",    "--max-len", "4",         "--n-train", "64", "--n-test",
                               "16",    "--batch-size", "16",   "--out",     dir / "runs"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::size_t directories_in(const fs::path& folder) {
  std::size_t n = 0;
  for (const auto& entry : fs::directory_iterator(folder)) n += entry.is_directory() ? 1 : 0;
  return n;
}

}  // namespace

TEST_CASE("runs of the first version are reported and their models are used") {
  const Outcome report = run_qkvbench({"report", kFixtures.string(), "--json", "-"});
  INFO(report.err);
  REQUIRE(report.status == 0);
  for (const char* run : {kFinished, kText}) CHECK(report.err.find(run) == std::string::npos);  // none is left out
  CHECK(report.err.find("not finished") != std::string::npos);
  CHECK(run_qkvbench({"predict", (kFixtures / kFinished).string(), "3 1 4 1"}).status == 0);
  const Outcome lists = run_qkvbench({"eval", (kFixtures / kFinished).string(), "--json", "-"});
  INFO(lists.err);
  REQUIRE(lists.status == 0);
  const json stored = json::parse(read_file(kFixtures / kFinished / "result.json"));
  CHECK(json::parse(lists.out)["metrics"]["test_targets"] == stored["metrics"]["test_targets"]);
  const Outcome text = run_qkvbench(
      {"eval", (kFixtures / kText).string(), "--corpus", (kFixtures / "corpus.txt").string(), "--json", "-"});
  INFO(text.err);
  REQUIRE(text.status == 0);
  const json of_text = json::parse(read_file(kFixtures / kText / "result.json"));
  CHECK(std::abs(json::parse(text.out)["metrics"]["val_loss"].get<double>() -
                 of_text["metrics"]["val_loss"].get<double>()) < 1e-3);
  CHECK(run_qkvbench({"generate", (kFixtures / kText).string(), "--prompt", "the ", "--length", "4"}).status == 0);
  const Outcome alike = run_qkvbench({"compare", kFixtures.string(), kFixtures.string()});
  CHECK(alike.status == 0);
}

TEST_CASE("a run of the first version is found under its name, and is not taken for what this build computes") {
  const TemporaryDirectory dir;
  copy_to(dir);
  const std::size_t before = directories_in(dir / "runs");
  const std::string result = read_file(fs::path(dir / "runs") / kFinished / "result.json");
  const Outcome found = run_qkvbench(train_copy(dir, {"--variant", "q_kv", "--log-every", "3"}));
  INFO(found.err);
  CHECK(found.status == 2);
  for (const char* part : {kFinished, "numerics 1", "numerics 2", "--overwrite"})
    CHECK(found.err.find(part) != std::string::npos);
  CHECK(read_file(fs::path(dir / "runs") / kFinished / "result.json") == result);
  const Outcome on = run_qkvbench(train_copy(dir, {"--steps", "2000", "--log-every", "1500", "--resume"}));
  INFO(on.err);
  CHECK(on.status == 2);
  for (const char* part : {kStopped, "numerics 1", "--overwrite"}) CHECK(on.err.find(part) != std::string::npos);
  CHECK(directories_in(dir / "runs") == before);
  const Outcome anew = run_qkvbench(train_copy(dir, {"--variant", "q_kv", "--log-every", "3", "--overwrite"}));
  INFO(anew.err);
  CHECK(anew.status == 0);
  CHECK(directories_in(dir / "runs") == before);
}

TEST_CASE("a sweep names a finished run of other numerics and does not count it as done") {
  const TemporaryDirectory dir;
  copy_to(dir);
  std::ofstream(dir / "grid.json")
      << R"({"grid": {"task": "copy", "variant": "q_kv", "d_model": 8, "layers": 1, "heads": 2,
      "seq_len": 4, "max_len": 4, "n_train": 64, "n_test": 16, "batch_size": 16, "log_every": 3}})";
  const Outcome swept = run_qkvbench({"sweep", dir / "grid.json", "--out", dir / "runs"});
  INFO(swept.err << swept.out);
  CHECK(swept.status == 6);
  CHECK((swept.err + swept.out).find("numerics 1") != std::string::npos);
}
