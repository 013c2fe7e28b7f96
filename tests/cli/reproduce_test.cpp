// reproduce as a user runs it: what is said of missing data, how it plans, and what it prints and writes.
// Trains next to nothing: plans and results are made up, or a run's first steps are timed. Similarity, which looks into
// the models, is in reproduce_similarity_test.
#include <algorithm>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/study/grid.hpp"
#include "qkvbench/study/rerun.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/results.hpp"
#include "support/terminal.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::EnvironmentVariable;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::has;
namespace fs = std::filesystem;

namespace {

/// What a call leaves that has planned already.
void write_plan(const fs::path& path, const std::string& level, const json& tasks, const json& unavailable) {
  fs::create_directories(path.parent_path());
  write_file_atomic(path, json{{"recipe", "any"},
                               {"budget", "60s"},
                               {"level", level},
                               {"tasks", tasks},
                               {"unavailable", unavailable},
                               {"expected_s", 5}}
                              .dump());
}

Outcome planned(const std::string& table, const std::string& out) {
  return run_qkvbench({"reproduce", table, "--budget", "1m", "--out", out, "--max-time", "0.001s", "--jobs", "1"});
}

/// An IDX file whose examples are all zeros: its sizes are the last bytes of the big-endian magic number and those
/// here.
void idx_file(const fs::path& path, const std::vector<std::uint32_t>& sizes) {
  std::string header{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  std::uintmax_t bytes = 1;
  for (const std::uint32_t size : sizes) {
    bytes *= size;
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(size >> shift & 0xff);
  }
  fs::create_directories(path.parent_path());
  write_file_atomic(path, header);
  fs::resize_file(path, header.size() + bytes);
}

}  // namespace

TEST_CASE("without any data nothing is planned: what is missing is said first, and what needs no download") {
  const TemporaryDirectory dir;
  const EnvironmentVariable root("QKVBENCH_DATA", dir / "data");
  const Outcome r = planned("table2", dir / "out");
  INFO(r.err);
  CHECK(r.status == 3);
  const std::size_t said = r.err.find("not run: data set mnist is not there"), error = r.err.find("error: ");
  CHECK(said < error);
  REQUIRE(error != std::string::npos);
  CHECK(has(r.err.substr(error), "qkvbench data fetch mnist"));
  CHECK(has(r.err.substr(error), "--task glyphs"));
  CHECK(has(r.err.substr(error), "reproduce table1"));
  CHECK_FALSE(fs::exists(dir / "out/plan-table2-60s.json"));
}

TEST_CASE("no run is started whose data are not there, and what is missing is said once") {
  const TemporaryDirectory dir;
  const EnvironmentVariable root("QKVBENCH_DATA", dir / "data");
  idx_file(dir / "data/mnist/train-images-idx3-ubyte", {60000, 28, 28});
  idx_file(dir / "data/mnist/train-labels-idx1-ubyte", {60000});
  idx_file(dir / "data/mnist/t10k-images-idx3-ubyte", {10000, 28, 28});
  idx_file(dir / "data/mnist/t10k-labels-idx1-ubyte", {10000});
  write_plan(dir / "out/plan-table2-60s.json", "table2-short", {"mnist", "fashion-mnist"}, json::array());
  const Outcome r = planned("table2", dir / "out");
  INFO(r.err);
  CHECK(r.status == 75);
  CHECK(has(r.err, "18 runs of table2-short"));  // of 36
  const std::string said = "not run: data set fashion-mnist is not there";
  CHECK(r.err.find(said) < r.err.find("18 runs"));
  CHECK(r.err.find(said, r.err.find(said) + 1) == std::string::npos);
}

TEST_CASE("a kept plan tells today's missing data, and is made anew when they are there", "[release]") {
  const TemporaryDirectory dir;
  const EnvironmentVariable root("QKVBENCH_DATA", dir / "data");
  const fs::path plan = dir / "out/plan-table4-60s.json";
  const std::string then =
      "data set tinyshakespeare is not there: looked in elsewhere; `qkvbench data fetch` brings it";
  write_plan(plan, "lm-least", {"lm"}, {then});
  const Outcome missing = planned("table4", dir / "out");
  INFO(missing.err);
  CHECK(missing.status == 75);
  CHECK(has(missing.err, "not run: data set tinyshakespeare is not there: looked in " + (dir / "data")));
  CHECK_FALSE(has(missing.err, "elsewhere"));
  CHECK(json::parse(read_file(plan))["expected_s"] == 5);  // it is kept
  write_plan(dir / "gone/plan-table4-60s.json", "lm-char", {"lm"}, json::array());
  const Outcome gone = planned("table4", dir / "gone");
  INFO(gone.err);
  CHECK(gone.status == 3);
  CHECK(has(gone.err, "data fetch tinyshakespeare"));

  std::string text;
  for (int i = 0; text.size() < 1115394; ++i) text += "line " + std::to_string(i * 7919 % 1000) + "\n";
  text.resize(1115394);
  fs::create_directories(dir / "data/tinyshakespeare");
  write_file_atomic(dir / "data/tinyshakespeare/input.txt", text);
  const Outcome there = planned("table4", dir / "out");
  INFO(there.err);
  CHECK(there.status == 75);
  CHECK_FALSE(has(there.err, "not run:"));
  CHECK(has(there.err, "planned anew"));
  const json anew = json::parse(read_file(plan));
  CHECK(anew["unavailable"].empty());
  CHECK(anew["expected_s"] != 5);
}

TEST_CASE("a plan times the sizes that it runs, and says what the next larger part needs") {
  const TemporaryDirectory dir;
  const Outcome r = run_qkvbench(
      {"reproduce", "table1", "--budget", "1s", "--out", dir / "out", "--max-time", "0.001s", "--jobs", "2"});
  INFO(r.err);
  CHECK(r.status == 75);
  CHECK(has(r.err, "even the smallest part"));
  const json plan = json::parse(read_file(dir / "out/plan-table1-1s.json"));
  CHECK(plan["level"] == "table1-least");
  CHECK(plan["expected_s"] > 1);
  CHECK(plan["next"]["level"] == "table1-one");
  CHECK(plan["next"]["budget_s"] > plan["expected_s"]);
  CHECK_FALSE(fs::exists(dir / "out/.timing"));
}

TEST_CASE("the table and the verdicts go to Markdown, LaTeX, CSV, JSON and the page") {
  namespace run = qkvbench::run;
  namespace study = qkvbench::study;
  const TemporaryDirectory dir;
  write_plan(dir / "out/plan-table1-60s.json", "table1-least", {"copy"}, json::array());
  for (const run::Config& config : study::expand(study::find_grid("table1-least")))
    if (config.task.id == "copy")
      qkvbench::testing::write_generated_result(dir / "out", config,
                                                study::rerun_accuracies(config).at(config.task.seed));
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"reproduce", "table1", "--budget", "1m", "--out", dir / "out"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_qkvbench(arguments);
  };
  const Outcome r = with({"--md", dir / "t.md", "--latex", dir / "t.tex", "--csv", dir / "t.csv", "--json",
                          dir / "t.json", "--report", dir / "t.html"});
  INFO(r.err);
  CHECK((r.status == 0 || r.status == 7));
  CHECK(has(r.out, "6 of 6 cells (task, variant, configuration) agree"));
  CHECK(has(read_file(dir / "t.md"), "| copy | q_kv |"));
  CHECK(has(read_file(dir / "t.md"), "| easy-solved |"));
  CHECK(has(read_file(dir / "t.tex"), "  copy & q\\_kv &"));
  const std::string csv = read_file(dir / "t.csv"), page = read_file(dir / "t.html");
  CHECK(std::ranges::count(csv, '\n') == 1 + 6 + 6);
  CHECK(has(csv, "\r\ncell,copy,q_kv,,fraction,"));
  CHECK(has(csv, "\r\nclaim,,,easy-solved,"));
  CHECK(has(page, "6 of 6 cells"));
  CHECK_FALSE(has(page, "paper 1.000"));
  const json said = json::parse(read_file(dir / "t.json"));
  CHECK(said["agreement"]["agree"] == 6);
  for (const json& cell : said["cells"]) {
    CHECK(cell["paper"].is_null());
    CHECK(cell["shared"]["here"] == cell["rerun"]);
  }
  CHECK(with({"--md", "-"}).out == read_file(dir / "t.md"));
  CHECK(with({"--md", "-", "--csv", "-"}).status == 2);
  CHECK(with({"--report", dir / "x.pdf"}).status == 2);
  CHECK(run_qkvbench({"reproduce", "accounting", "--md", "-"}).status == 2);
}

TEST_CASE("every further table has a smallest part that needs no download") {
  const TemporaryDirectory dir;
  const EnvironmentVariable root("QKVBENCH_DATA", dir / "data");
  struct Least {
    const char *table, *level, *said;
  };
  for (const Least& least : {Least{"recall", "recall-least", "144 runs"}, Least{"plus", "plus-least", "288 runs"},
                             Least{"modern", "lm-llama-least", "27 runs"}, Least{"table16", "length-least", "27 runs"},
                             Least{"scaling", "scaling-least", "45 runs"}, Least{"padding", "padding-least", "9 runs"},
                             Least{"similarity", "similarity-least", "10 runs"}}) {
    const std::string out = dir / least.table;
    write_plan(out + "/plan-" + least.table + "-60s.json", least.level, {"recall", "reverse", "swap", "lm"},
               json::array());
    const Outcome r = planned(least.table, out);
    INFO(r.err);
    CHECK(r.status == 75);
    CHECK(has(r.err, std::string(least.said) + " of " + least.level));
  }
  CHECK(run_qkvbench({"reproduce", "similarity", "--report", dir / "x.html"}).status == 2);
}

TEST_CASE("a table by a key has rows for each of its values, in every form") {
  namespace study = qkvbench::study;
  const TemporaryDirectory dir;
  write_plan(dir / "out/plan-recall-60s.json", "recall-least", {"recall"}, json::array());
  for (const qkvbench::run::Config& config : study::expand(study::find_grid("recall-least"))) {
    const std::string variant = config.model.variant.id();
    const bool solves = variant == "q_k_v" || (variant == "q_kv" && config.model.heads == 1);
    qkvbench::testing::write_generated_result(dir / "out", config, solves ? 1 : .5);
  }
  const Outcome r =
      run_qkvbench({"reproduce", "recall", "--budget", "1m", "--out", dir / "out", "--csv", dir / "t.csv", "--md",
                    dir / "t.md", "--latex", dir / "t.tex", "--json", dir / "t.json", "--report", dir / "t.html"});
  INFO(r.err << r.out);
  CHECK(r.status == 0);
  CHECK(has(r.out, "one-head-suffices"));
  CHECK(has(read_file(dir / "t.md"), "| recall | 4 | q_kv | 0.500 |"));
  CHECK(has(read_file(dir / "t.csv"), ",heads 4\r\n"));
  const std::string page = read_file(dir / "t.html");
  CHECK(has(page, "one-head-suffices"));
  for (const char* heads : {"1", "4"})  // the level of the baseline that each claim rests on
    CHECK(has(page, std::string("<li>q_k_v on recall, heads ") + heads + " has accuracy 1.000"));
  CHECK_FALSE(has(page, "chosen for each variant"));  // all arms have learned positions
  const json said = json::parse(read_file(dir / "t.json"));
  REQUIRE(said["cells"].size() == 6);
  for (const json& cell : said["cells"]) CHECK(cell["runs"] == 24);
  CHECK(said["cells"][5]["settings"] == json{{"heads", 4}});
  const std::string shown =
      qkvbench::test::on_terminal({"reproduce", "recall", "--budget", "1m", "--out", dir / "out", "-q"});
  INFO(shown);
  CHECK(has(shown, "one-head-suffices"));
  CHECK(qkvbench::test::widest(shown) <= 79);
  CHECK(said["claims"][0]["paper"] == 65);
  for (const json& claim : said["claims"]) CHECK((claim["verdict"] == "holds" || claim["id"] == "one-head-close"));
}
