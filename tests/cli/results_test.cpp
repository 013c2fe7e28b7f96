// compare and report as a user runs them: tables, JSON, exit status, and what they refuse.
// The numbers themselves are tested in tests/report.
#include "support/results.hpp"

#include <cmath>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::config_of;
using qkvbench::testing::has;
using qkvbench::testing::made_up_result;
using qkvbench::testing::write_result;
namespace fs = std::filesystem;

namespace {

void check_fails(const std::vector<std::string>& arguments, int status, std::initializer_list<const char*> said) {
  const Outcome r = run_qkvbench(arguments);
  INFO(r.err);
  CHECK(r.status == status);
  CHECK(r.out.empty());
  CHECK(r.err.rfind("error: ", 0) == 0);
  for (const char* part : said) CHECK(has(r.err, part));
}

/// Results of two variants with three seeds each.
void fill(const fs::path& results, double shift = 0) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    write_result(results, config_of("reverse", "q_k_v", seed), 0.9 + 0.05 * static_cast<double>(seed) + shift);
    write_result(results, config_of("reverse", "q_kv", seed), 0.8 + 0.05 * static_cast<double>(seed));
  }
}

}  // namespace

TEST_CASE("compare: equal runs are status 0, runs that differ status 7, tolerances decide") {
  const TemporaryDirectory dir;
  const auto config = config_of("reverse", "q_kv", 1);
  const auto a = write_result(dir / "a", config, 0.5), same = write_result(dir / "same", config, 0.5),
             b = write_result(dir / "b", config, 0.501);
  const Outcome equal = run_qkvbench({"compare", a.string(), same.string()});
  INFO(equal.err);
  CHECK(equal.status == 0);
  CHECK(has(equal.out, "1 pair of runs: 1 equal"));
  const Outcome differs = run_qkvbench({"compare", dir / "a", dir / "b", "--json", "-"});
  CHECK(differs.status == 7);
  const json run = json::parse(differs.out)["runs"][0];
  CHECK(run["equal"] == false);
  CHECK(std::abs(run["metrics"]["test_accuracy"]["difference"].get<double>() - 0.001) <= 1e-12);
  CHECK(run["metrics"]["test_accuracy"]["within"] == false);
  CHECK(run["metrics"]["train_loss"]["within"] == true);
  CHECK(run["other_fields_differing"] == 0);
  const auto status = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"compare", dir / "a", dir / "b"});
    return run_qkvbench(more).status;
  };
  CHECK(status({"--abs", "0.0011"}) == 0);
  CHECK(status({"--abs", "0.0009"}) == 7);
  CHECK(status({"--rel", "0.003"}) == 0);
  CHECK(status({"--rel", "0.001"}) == 7);
  CHECK(status({"--metric", "train_loss"}) == 0);
  CHECK(status({"--metric", "train_loss", "--metric", "test_accuracy"}) == 7);
  CHECK(status({"--abs", "-1"}) == 2);
  check_fails({"compare", dir / "a", dir / "b", "--metric", "acuracy"}, 2, {"--metric", "acuracy", "schema"});
}

TEST_CASE("compare: two configurations may be compared, and what differs beside metrics is told") {
  const TemporaryDirectory dir;
  const auto a = write_result(dir / "a", config_of("reverse", "q_k_v"), 0.5),
             b = write_result(dir / "a", config_of("reverse", "q_kv"), 0.5);
  const Outcome exact = run_qkvbench({"compare", a.string(), b.string()});
  CHECK(exact.status == 7);
  CHECK(has(exact.out, "config.variant: \"q_k_v\" and \"q_kv\""));
  CHECK(run_qkvbench({"compare", a.string(), b.string(), "--abs", "0"}).status == 0);
  // null is equal to null only
  auto diverged = made_up_result(config_of("reverse", "q_k_v"), 0.5);
  diverged["metrics"]["test_accuracy"] = nullptr;
  diverged["status"] = "diverged";
  const auto d = write_result(dir / "diverged", diverged);
  CHECK(run_qkvbench({"compare", d.string(), d.string(), "--abs", "0"}).status == 0);
  CHECK(run_qkvbench({"compare", a.string(), d.string(), "--abs", "1000"}).status == 7);
}

TEST_CASE("compare: directories are matched by run name, runs without counterpart are named") {
  const TemporaryDirectory dir;
  fill(dir / "a");
  fill(dir / "b");
  CHECK(run_qkvbench({"compare", dir / "a", dir / "b"}).status == 0);
  const std::string extra = run_name(config_of("sort", "qkv"));
  write_result(dir / "b", config_of("sort", "qkv"), 1);
  const Outcome r = run_qkvbench({"compare", dir / "a", dir / "b"});
  CHECK(r.status == 7);
  CHECK(has(r.out, "only in b: " + extra));
  CHECK(run_qkvbench({"compare", dir / "a", dir / "b", "--allow-missing"}).status == 0);
  fill(dir / "a", 0.001);
  const Outcome list = run_qkvbench({"compare", dir / "a", dir / "b", "--allow-missing"});
  CHECK(list.status == 7);
  CHECK(has(list.out, "6 pairs of runs, matched by name: 3 equal"));
  CHECK(has(list.out, "test_accuracy"));
  // A torn counterpart is no counterpart.
  qkvbench::write_file_atomic(dir / ("b/" + run_name(config_of("reverse", "q_kv", 0)) + "/result.json"), "{");
  const Outcome torn = run_qkvbench({"compare", dir / "a", dir / "b", "--abs", "1"});
  CHECK(torn.status == 7);
  CHECK(has(torn.err, "no valid JSON"));
  check_fails({"compare", dir / "a", dir / "nowhere"}, 3, {"there is no", "nowhere"});
  fs::create_directories(dir / "empty");
  check_fails({"compare", dir / "a", dir / "empty"}, 3, {"no finished result", "empty"});
  write_result(dir / "other", config_of("copy", "qkv"), 1);
  check_fails({"compare", dir / "a", dir / "other"}, 3, {"no run in", "of its name"});
}

TEST_CASE("compare --seed-noise: what seeds of the first side differ by is no difference") {
  const TemporaryDirectory dir;
  fill(dir / "a");  // q_k_v 0.90, 0.95, 1.00: s = 0.05
  // Student's quantile of two degrees of freedom is (2p − 1)/√(2p(1 − p)).
  const auto noise = [](double p) { return 0.05 * std::sqrt(2.0) * (2 * p - 1) / std::sqrt(2 * p * (1 - p)); };
  const auto against = [&](double value, const std::string& side) {
    fs::remove_all(dir / side);
    write_result(dir / side, config_of("reverse", "q_k_v", 0), value);
    return run_qkvbench({"compare", dir / "a", dir / side, "--seed-noise", "--allow-missing", "--json", "-", "-q"});
  };
  const double one = noise(1 - 0.05 / 2);
  const Outcome inside = against(0.9 - 0.99 * one, "inside");
  INFO(inside.err);
  CHECK(inside.status == 0);
  const json metric = json::parse(inside.out)["runs"][0]["metrics"]["test_accuracy"];
  CHECK(std::abs(metric["seed_noise"].get<double>() - one) <= 1e-12);
  CHECK(metric["within"] == true);
  CHECK(against(0.9 - 1.01 * one, "outside").status == 7);

  // Of three runs that are compared each may be further apart, so that one of the three is as seldom beyond.
  fill(dir / "b");
  const Outcome several = run_qkvbench({"compare", dir / "a", dir / "b", "--seed-noise", "--json", "-", "-q"});
  CHECK(several.status == 0);
  const json of_six = json::parse(several.out)["runs"][0]["metrics"]["test_accuracy"]["seed_noise"];
  CHECK(std::abs(of_six.get<double>() - noise(1 - 0.05 / 12)) <= 1e-12);
  const Outcome text = run_qkvbench({"compare", dir / "a", dir / "inside", "--seed-noise", "--allow-missing"});
  CHECK(has(text.out, "seeds ±"));
  CHECK(has(text.out, "only in a: 5 runs"));
  check_fails({"compare", dir / "inside", dir / "a", "--seed-noise", "--allow-missing"}, 2,
              {"--seed-noise", "second seed", "several seeds first"});
}

TEST_CASE("report prints tables, and the same as Markdown, LaTeX, CSV and JSON") {
  const TemporaryDirectory dir;
  fill(dir / "results");
  const Outcome r = run_qkvbench({"report", dir / "results", "--md", dir / "t.md", "--csv", dir / "t.csv", "--latex",
                                  dir / "t.tex", "--json", dir / "t.json", "--csv-runs", dir / "runs.csv",
                                  "--csv-differences", dir / "differences.csv"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(r.err.empty());
  CHECK(has(r.out, "0.950 [0.278, 0.993]"));
  CHECK(has(r.out, "1 of 3, 0.33 [0.06, 0.79]"));
  CHECK(has(r.out, "−0.100 [−0.737, +0.678]"));
  CHECK(has(qkvbench::read_file(dir / "t.md"), "| q_k_v | 0.950 [0.278, 0.993] |"));
  CHECK(has(qkvbench::read_file(dir / "t.tex"), "q\\_k\\_v & 0.950"));
  const std::string csv = qkvbench::read_file(dir / "t.csv");
  const std::string runs = qkvbench::read_file(dir / "runs.csv"),
                    differences = qkvbench::read_file(dir / "differences.csv");
  const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  CHECK(csv.starts_with("task,data,variant,"));
  CHECK(lines(csv) == 1 + 2);
  CHECK(lines(runs) == 1 + 6);
  CHECK(lines(differences) == 1 + 1);
  for (const char* column : {"seed", "d_model", "test_accuracy", "train_s", "wall_s", "tokens_per_s", "path"}) {
    INFO(column);
    CHECK(has(runs, "," + std::string(column)));
  }
  for (const std::string& text : {csv, runs, differences}) {
    CHECK_FALSE(has(text, "{"));
    CHECK_FALSE(has(text, "−"));
  }
  CHECK(has(differences, ",-0."));
  const json report = json::parse(qkvbench::read_file(dir / "t.json"));
  CHECK(report["records"] == 6);
  CHECK(report["cells"][0]["n"] == 3);
  CHECK(report["cells"][0]["runs"][2]["seed"] == 2);
  CHECK(std::abs(report["differences"][0]["mean"].get<double>() + 0.1) <= 1e-12);
  CHECK(report["left_out"].empty());
  CHECK(run_qkvbench({"report", dir / "results", "--csv", "-"}).out == csv);
  CHECK(has(run_qkvbench({"report", dir / "results", "--baseline", "Q!=K=V"}).out, "Difference from q_kv"));
}

TEST_CASE("report names what it leaves out and refuses what would hide it") {
  const TemporaryDirectory dir;
  fill(dir / "results");
  const std::string gone = run_name(config_of("reverse", "q_kv", 1));
  qkvbench::write_file_atomic(dir / ("results/" + gone + "/result.json"), "{\"schema_version\": 1");
  const Outcome strict = run_qkvbench({"report", dir / "results"});
  CHECK(strict.status == 0);
  CHECK(has(strict.err, "left out: "));
  CHECK(has(strict.err, gone));
  CHECK(has(strict.out, "Not compared: reverse: q_k_v, 1 run (seed 1)"));
  CHECK_FALSE(has(strict.out, "–"));  // the two seeds that both have are compared
  CHECK(has(run_qkvbench({"report", dir / "results", "--allow-missing"}).out, "(2 of 3)"));
  auto other = made_up_result(config_of("reverse", "q_kv", 1), 0.85);
  other["tool"]["git_sha"] = "0123abc";
  write_result(dir / "results/elsewhere", other);
  const Outcome one = run_qkvbench({"report", dir / "results"});
  CHECK(has(one.err, "2 builds are there"));
  CHECK(has(one.err, "0123abc"));
  CHECK(has(one.out, "Not compared: reverse: q_k_v, 1 run (seed 1)"));
  const Outcome mixed = run_qkvbench({"report", dir / "results", "--mix-builds"});
  CHECK(has(mixed.out, "Runs of 2 builds are averaged together"));
  CHECK_FALSE(has(mixed.out, "Not compared"));
  check_fails({"report", dir / "nowhere"}, 3, {"there is no", "nowhere"});
  check_fails({"report", dir / "results", "--baseline", "QKV"}, 2, {"three projections"});
  const Outcome both = run_qkvbench({"report", dir / "results", "--md", "-", "--json", "-"});
  CHECK(both.status == 2);
  CHECK(has(both.err, "--json and --md both want stdout"));
  CHECK(nlohmann::json::parse(both.out)["error"]["status"] == 2);  // nothing but the error is there
  check_fails({"report", dir / "results", "--csv", dir / "no/such/file.csv"}, 4, {"cannot write", "file.csv"});
  check_fails({"report"}, 2, {"DIR is missing"});
  fs::create_directories(dir / "empty");
  check_fails({"report", dir / "empty"}, 3, {"no finished result"});
}
