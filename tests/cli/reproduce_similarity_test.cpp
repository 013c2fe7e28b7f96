// reproduce similarity from the command to the numbers: a model of the smallest part is trained and measured.
// What the numbers mean is tested in tests/run/analyze_test, how they are judged in tests/report/similarity_test.
#include <cmath>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/analysis.hpp"
#include "qkvbench/study/similarity.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/terminal.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::testing::has;
namespace fs = std::filesystem;

namespace {

/// What analyze says of a run.
json analysis_of(const fs::path& run) {
  const Outcome r = run_qkvbench({"analyze", run, "--json", "-"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  return json::parse(r.out);
}

/// The mean over layers of one measure; which: "trained", "initial", "random".
double mean_over_layers(const json& analysis, const qkvbench::study::SimilarityRow& row, const char* which) {
  double sum = 0, layers = 0;
  for (const json& value : analysis["values"])
    if (value["of"] == row.of && value["scope"] == row.scope && value["measure"] == row.measure)
      sum += value[which]["value"].get<double>(), ++layers;
  REQUIRE(layers == analysis["layers"].get<double>());
  return sum / layers;
}

double here(const json& cells, const std::string& quantity) {
  for (const json& cell : cells)
    if (cell["quantity"] == quantity) return cell["here"].get<double>();
  FAIL("no cell of " << quantity);
  return NAN;
}

}  // namespace

TEST_CASE("reproduce similarity trains a model and measures it, beside the same model before training", "[release]") {
  const qkvbench::test::TemporaryDirectory dir;
  const qkvbench::test::EnvironmentVariable root("QKVBENCH_DATA", dir / "data");
  fs::create_directories(dir.path() / "out");
  qkvbench::write_file_atomic(dir.path() / "out/plan-similarity-60s.json", json{{"recipe", "similarity"},
                                                                                {"budget", "60s"},
                                                                                {"level", "similarity-least"},
                                                                                {"tasks", {"reverse", "lm"}},
                                                                                {"unavailable", json::array()},
                                                                                {"expected_s", 60}}
                                                                               .dump());
  // Of the ten runs of the smallest part the first, one seed of REVERSE.
  const std::string shown = qkvbench::test::on_terminal(
      {"reproduce", "similarity", "--budget", "1m", "--out", dir / "out", "--shard", "1/10", "--jobs", "1", "--threads",
       "1", "--allow-missing", "-q", "--json", dir / "t.json", "--csv", dir / "t.csv"});
  INFO(shown);
  CHECK(has(shown, "effective rank"));
  CHECK(qkvbench::test::widest(shown) <= 79);
  fs::path run;
  for (const auto& entry : fs::directory_iterator(dir.path() / "out"))
    if (entry.is_directory() && fs::exists(entry.path() / "result.json")) run = entry.path();
  CHECK(json::parse(read_file(run / "result.json"))["metrics"]["test_accuracy"] >= 0.9);

  // Step 0 is told by another way: a run of the same configuration whose rate moves nothing.
  REQUIRE(run_qkvbench({"train", "--task", "reverse", "--n-train", "128", "--epochs", "1", "--lr", "1e-30", "--out",
                        dir / "still", "-q"})
              .status == 0);
  const json trained = analysis_of(run), still = analysis_of(only_entry(dir / "still"));
  const json said = json::parse(read_file(dir / "t.json"));
  CHECK(said["missing"] == 9);
  for (const qkvbench::study::SimilarityRow& row : qkvbench::study::similarity_rows()) {
    const std::string title = qkvbench::report::subject_title(row.of) + ": " + row.title;
    INFO(title);
    const double unit = row.share_of_width ? 64 : 1;
    const double now = here(said["cells"], title + ", trained, reverse"),
                 before = here(said["cells"], title + ", step 0, reverse"),
                 random = here(said["cells"], title + ", random, reverse");
    CHECK(std::abs(now - mean_over_layers(trained, row, "trained") / unit) <= 1e-12);
    CHECK(std::abs(before - mean_over_layers(still, row, "trained") / unit) <= 1e-12);
    CHECK(std::abs(random - mean_over_layers(trained, row, "random") / unit) <= 1e-12);
    CHECK(std::abs(now - before) > 1e-4);
    CHECK(std::abs(now - random) > 1e-4);
  }
  for (const json& claim : said["claims"])  // one model has no interval, and none no number
    CHECK(claim["verdict"] ==
          (has(claim["id"].get<std::string>(), "reverse") ? "inconclusive" : "not tested at this size"));
  const std::string csv = read_file(dir / "t.csv");
  CHECK(has(csv, "\r\nnumber,reverse,kv,activation,cka_debiased,"));
  CHECK(has(csv, "\r\nclaim,,,,,\"kv-over-step-0, reverse\","));
}
