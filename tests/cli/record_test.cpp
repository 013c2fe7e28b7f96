// record as a user runs it, and what reads its files: report, compare, reproduce --record, sweep --record, study.
// Results are made up; nothing is trained.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/study/grid.hpp"
#include "qkvbench/study/questions.hpp"
#include "qkvbench/study/sweep.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/results.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::has;
namespace fs = std::filesystem;

namespace {

/// Results of all runs of Table 1's smallest part; K = V and the rest differ a little.
void write_results(const fs::path& out) {
  double step = 0;
  for (const auto& config : qkvbench::study::expand(qkvbench::study::find_grid("table1-least")))
    qkvbench::testing::write_generated_result(
        out, config,
        0.7 + 0.001 * (step = step < 20 ? step + 1 : 0) + 0.01 * static_cast<double>(config.model.variant.place()));
}

/// One line, the right status, and these parts in it.
void check_fails(const std::vector<std::string>& words, int status, const std::vector<std::string>& said) {
  const Outcome r = run_qkvbench(words);
  INFO(r.err);
  CHECK(r.status == status);
  const std::string error = r.err.substr(std::min(r.err.find("error: "), r.err.size()));
  CHECK(std::ranges::count(error, '\n') == 1);
  for (const std::string& part : said) CHECK(has(error, part));
}

/// What a command prints as JSON, without what says where it looked.
json answer(std::vector<std::string> words) {
  words.insert(words.end(), {"--json", "-", "-q"});
  const Outcome r = run_qkvbench(words);
  INFO(r.err);
  REQUIRE((r.status == 0 || r.status == 7));
  return json::parse(r.out);
}

}  // namespace

TEST_CASE("recorded results are read as the runs that they were") {
  const TemporaryDirectory dir;
  write_results(dir / "runs");
  const json written = answer({"record", "table1-least", "--from", dir / "runs", "--out", dir / "record"});
  CHECK(written["runs"] == 90);
  CHECK(written["grid"] == "table1-least");
  const fs::path file = dir / "record/table1-least.jsonl.gz";
  CHECK(written["path"] == file.string());
  CHECK(written["bytes"] == fs::file_size(file));

  json runs = answer({"report", dir / "runs"}), record = answer({"report", dir / "record"});
  CHECK(record["records"] == 90);
  CHECK(runs["cells"] == record["cells"]);
  CHECK(runs["differences"] == record["differences"]);

  const Outcome same = run_qkvbench({"compare", dir / "record", dir / "runs"});
  CHECK(same.status == 0);
  const json table = answer({"reproduce", "table1", "--record", dir / "record"});
  CHECK(table["grid"] == "table1-least");
  CHECK(table["runs"] == 90);
  CHECK(table["missing"] == 0);
  for (const json& cell : table["cells"]) CHECK(cell["runs"] == 3);

  const std::string bytes = read_file(file);
  answer({"record", "table1-least", "--from", dir / "record", "--out", dir / "again"});
  CHECK(read_file(dir / "again/table1-least.jsonl.gz") == bytes);
}

TEST_CASE("a sweep leaves out what is recorded") {
  const TemporaryDirectory dir;
  write_results(dir / "runs");
  answer({"record", "table1-least", "--from", dir / "runs", "--out", dir / "record"});
  const Outcome r =
      run_qkvbench({"sweep", "table1-least", "--status", "--record", dir / "record", "--out", dir / "other"});
  CHECK(r.status == 0);
  CHECK(has(r.err, "90 of 90 runs are recorded in " + (dir / "record")));
  check_fails({"sweep", "table1-least", "--record", dir / "record", "--slurm", "2"}, 2, {"--record", "--slurm"});
}

TEST_CASE("a sweep makes runs of the record again, all or some chosen by chance") {
  const TemporaryDirectory dir;
  write_results(dir / "runs");
  answer({"record", "table1-least", "--from", dir / "runs", "--out", dir / "record"});
  const auto runs = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"sweep", dir / "record", "--status", "--out", dir / "again"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<std::string> names;
    const json said = answer(words);
    for (const json& run : said["runs"]) names.push_back(run["run"]);
    return names;
  };
  const auto all = runs({}), ten = runs({"--sample", "10"});
  CHECK(all.size() == 90);
  CHECK(ten.size() == 10);
  CHECK(std::set(ten.begin(), ten.end()).size() == 10);
  for (const std::string& name : ten) CHECK(std::ranges::count(all, name) == 1);
  CHECK(runs({"--sample", "10"}) == ten);
  CHECK(runs({"--sample", "10", "--sample-seed", "1"}) != ten);
  CHECK(runs({"--sample", "1000"}) == all);

  // What is made again is what was recorded, and a grid's name is the grid's, whatever lies beside it.
  const Outcome done = run_qkvbench({"sweep", dir / "record/table1-least.jsonl.gz", "--status", "--out", dir / "runs"});
  CHECK(has(done.out, "all runs are finished"));
  fs::create_directories(dir / "table1-least");
  const Outcome named =
      qkvbench::test::run_binary("/bin/sh", {"-c", "cd '" + (dir / "") + "' && '" + qkvbench::test::qkvbench_path() +
                                                       "' sweep table1-least --status --out runs"});
  CHECK(has(named.out, "all runs are finished"));
  fs::create_directories(dir / "empty");
  check_fails({"sweep", dir / "empty"}, 3, {"empty", "no finished result"});
  check_fails({"sweep", dir / "record", "--slurm", "2", "--sample", "3"}, 2, {"--sample", "--slurm"});
  check_fails({"sweep", dir / "record", "--sample-seed", "3"}, 2, {"--sample-seed", "add --sample N"});
}

TEST_CASE("every run is as likely to be in a sample as another") {
  std::vector<qkvbench::run::Config> four(4);
  for (std::uint64_t i = 0; i < 4; ++i) four[i].task.seed = i;
  std::array<int, 4> taken{};
  for (std::uint64_t seed = 0; seed < 4000; ++seed)
    for (const auto& config : qkvbench::study::sample_of(four, 2, seed)) ++taken[config.task.seed];
  for (const int n : taken) CHECK(std::abs(n - 2000) < 160);  // five standard deviations of a share of a half
}

TEST_CASE("what cannot be recorded or shown is said, and how to mend it") {
  const TemporaryDirectory dir;
  write_results(dir / "runs");
  answer({"record", "table1-least", "--from", dir / "runs", "--out", dir / "record"});
  const fs::path one = fs::directory_iterator(dir / "runs")->path();
  fs::remove_all(one);
  check_fails({"record", "table1-least", "--from", dir / "runs", "--out", dir / "other"}, 3,
              {"1 of 90 runs of table1-least", one.filename().string(), "qkvbench sweep table1-least"});
  CHECK_FALSE(fs::exists(dir / "other"));
  check_fails({"record", "table1-leas", "--from", dir / "runs"}, 2, {"table1-leas", "table1-least"});
  check_fails({"reproduce", "table2", "--record", dir / "record"}, 3, {"table2", "no part", "qkvbench record"});
  check_fails({"reproduce", "surgery", "--record", dir / "record"}, 2, {"--record", "surgery", "models"});

  const fs::path file = dir / "record/table1-least.jsonl.gz";
  const std::string whole = read_file(file);
  qkvbench::write_file_atomic(file, whole.substr(0, whole.size() / 2));
  check_fails({"report", dir / "record"}, 3, {file.string(), "cut short"});
  check_fails({"record", "table1-least", "--from", dir / "record", "--out", dir / "x"}, 3,
              {file.string(), "cut short"});
  qkvbench::write_file_atomic(file, "no gzip");
  check_fails({"report", dir / "record"}, 3, {file.string(), "not packed with gzip"});
}

TEST_CASE("the study answers every question from what is recorded, and the same record gives the same bytes") {
  const TemporaryDirectory dir;
  write_results(dir / "runs");
  answer({"record", "table1-least", "--from", dir / "runs", "--out", dir / "record"});
  const json study = answer({"study", dir / "record", "--out", dir / "one"});
  REQUIRE(study["tables"].size() == 1);
  CHECK(study["tables"][0]["grid"] == "table1-least");
  CHECK(study["tables"][0]["claims"] == answer({"reproduce", "table1", "--record", dir / "record"})["claims"]);
  CHECK(study["not_run"].dump().find("table4: no part of it is recorded") != std::string::npos);
  const std::string text = read_file(dir / "one/study.md");
  REQUIRE(study["sentences"].size() == 10);  // of each question the claim of which most is known
  CHECK(has(study["sentences"][0], "sharing K and V costs a few per cent at most: "));
  CHECK(has(study["sentences"][0], " (table1, 90 runs of table1-least)"));
  CHECK(has(study["sentences"][7], "sharing K and V costs less the longer the context: not recorded (table16)"));
  for (const json& sentence : study["sentences"]) CHECK(has(text, "\n* " + sentence.get<std::string>() + "\n"));
  for (const auto questions : {qkvbench::study::paper_questions(), qkvbench::study::paper_doubts()})
    for (const auto& question : questions) CHECK(has(text, ". " + question.text + "\n"));
  answer({"study", dir / "record", "--out", dir / "two"});
  for (const char* name : {"study.md", "study.html"})
    CHECK(read_file(fs::path(dir / "one") / name) == read_file(fs::path(dir / "two") / name));
  const json drawn = answer({"study", dir / "record", "--out", dir / "two", "--figures", dir / "figures"});
  REQUIRE(drawn["files"].size() > 4);
  for (std::size_t i = 2; i < drawn["files"].size(); ++i)
    CHECK(read_file(drawn["files"][i].get<std::string>()).size() > 500);
  CHECK(fs::exists(dir / "figures/table1"));
  fs::create_directory(dir / "empty");
  check_fails({"study", dir / "empty"}, 3, {"no table", "empty", "qkvbench record"});
}

TEST_CASE("docs/study is what the record of this repository says") {
  const TemporaryDirectory dir;
  answer({"study", SOURCE_DIR "/results/record", "--out", dir / "study"});
  for (const char* name : {"study.md", "study.html"}) {
    const bool same = read_file(fs::path(dir / "study") / name) == read_file(fs::path(SOURCE_DIR "/docs") / name);
    INFO(name << " is not made of results/record as it is now: make study");
    CHECK(same);
  }
}
