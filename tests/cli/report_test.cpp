// report from the command line: a page of real runs and of made-up results, and what stops it.
// What the page holds is tested in tests/report.

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/results.hpp"

using nlohmann::json;
using qkvbench::index_t;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::config_of;
using qkvbench::testing::has;
using qkvbench::testing::made_up_result;
using qkvbench::testing::write_result;

TEST_CASE("trained runs become a page with their attention maps, the same bytes each time") {
  const TemporaryDirectory dir;
  const Outcome trained =
      run_qkvbench({"train", "--task",       "sort", "--variant", "q_k_v,qkv", "--d-model", "8",  "--heads",
                    "2",     "--layers",     "1",    "--seq-len", "5",         "--n-train", "64", "--n-test",
                    "16",    "--batch-size", "16",   "-q",        "--out",     dir / "runs"});
  REQUIRE(trained.status == 0);
  const Outcome r = run_qkvbench({"report", dir / "runs", "--out", dir / "a.html", "--json", dir / "a.json"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  const std::string page = read_file(dir / "a.html");
  CHECK(has(page, "id=\"attention\""));
  CHECK(has(page, "layer 0, head 1"));
  CHECK(has(page, "|S − Sᵀ| 0.0000"));  // of the variant whose query is its key
  CHECK(has(page, "qkvbench train --task sort"));
  const json summary = json::parse(read_file(dir / "a.json"));
  CHECK(summary["records"] == 2);
  CHECK(summary["left_out"].empty());
  const Outcome again = run_qkvbench({"report", dir / "runs", "--out", "-", "--threads", "3"});
  REQUIRE(again.status == 0);
  CHECK(again.out == page);
  CHECK_FALSE(has(run_qkvbench({"report", dir / "runs", "--out", "-", "--no-attention"}).out, "id=\"attention\""));
}

TEST_CASE("what is left out is named on stderr, in the JSON and on the page") {
  const TemporaryDirectory dir;
  for (const std::uint64_t seed : {0u, 1u, 2u})
    for (const char* variant : {"q_k_v", "q_kv"})
      write_result(dir.path() / "runs", config_of("swap", variant, seed), 0.5 + 0.1 * static_cast<double>(seed));
  std::filesystem::create_directories(dir.path() / "runs" / "torn");
  write_file_atomic(dir.path() / "runs" / "torn" / "result.json", "{\"schema_version\": 1,");
  qkvbench::formats::Json foreign = made_up_result(config_of("swap", "qkv"), 0.5);
  foreign["tool"]["git_sha"] = "another";
  write_result(dir.path() / "runs" / "foreign", foreign);
  const Outcome r = run_qkvbench({"report", dir / "runs", "--out", dir / "page.html", "--json", "-"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(has(r.err, "torn"));
  const json summary = json::parse(r.out);
  CHECK(summary["records"] == 6);
  CHECK(summary["left_out"].size() == 2);
  const std::string page = read_file(dir / "page.html");
  CHECK(has(page, "2 files left out"));
  CHECK(has(page, "torn/result.json"));
  CHECK_FALSE(has(page, "id=\"attention\""));
  const Outcome mixed =
      run_qkvbench({"report", dir / "runs", "--out", dir / "page.html", "--json", "-", "--mix-builds"});
  CHECK(json::parse(mixed.out)["records"] == 7);
  CHECK(has(read_file(dir / "page.html"), "Runs of 2 builds stand together"));
}

TEST_CASE("a page is not made of nothing, nor written where it cannot be") {
  const TemporaryDirectory dir;
  CHECK(run_qkvbench({"report", dir / "nowhere", "--out", dir / "page.html"}).status == 3);
  std::filesystem::create_directories(dir.path() / "empty");
  const Outcome empty = run_qkvbench({"report", dir / "empty", "--out", dir / "page.html"});
  CHECK(empty.status == 3);
  CHECK(has(empty.err, "no finished result"));
  CHECK_FALSE(std::filesystem::exists(dir.path() / "page.html"));
  write_result(dir.path() / "runs", config_of("swap", "q_kv"), 0.5);
  CHECK(run_qkvbench({"report", dir / "runs", "--out", dir / "no/such/page.html"}).status == 4);
  CHECK(run_qkvbench({"report", dir / "runs", "--out", dir / "page.html", "--baseline", "qk-vv"}).status == 2);
  CHECK(run_qkvbench({"report", dir / "runs", "--out", "-", "--md", "-"}).status == 2);
}

TEST_CASE("a file whose ending says another form is not written") {
  const TemporaryDirectory dir;
  write_result(dir.path() / "runs", config_of("swap", "q_kv"), 0.5);
  const auto refused = [&](std::vector<std::string> arguments, const std::string& file, const std::string& offered) {
    arguments.push_back(dir / file);
    const Outcome r = run_qkvbench(arguments);
    INFO(r.err);
    CHECK(r.status == 2);
    CHECK(has(r.err, dir / offered));
    CHECK_FALSE(std::filesystem::exists(dir / file));
  };
  const std::string runs = dir / "runs";
  refused({"report", runs, "--out"}, "x.pdf", "x.html");
  refused({"report", runs, "--md"}, "x.html", "x.md");
  refused({"report", runs, "--latex"}, "x.csv", "x.tex");
  for (const char* flag : {"--csv", "--csv-runs", "--csv-differences"})
    refused({"report", runs, flag}, "x.xlsx", "x.csv");
  refused({"attention", runs, "--out"}, "maps.png", "maps.svg");
  refused({"reproduce", "table1", "--report"}, "x.pdf", "x.html");
  CHECK(run_qkvbench({"report", runs, "--csv", dir / "no-ending", "--out", dir / "x.HTM", "--no-attention"}).status ==
        0);
}

TEST_CASE("what varies is a row, what was asked for is averaged, and JSON says which") {
  const TemporaryDirectory dir;
  for (const index_t epochs : {2, 3})
    for (const char* variant : {"q_k_v", "q_kv"}) {
      auto config = config_of("swap", variant);
      config.epochs = epochs;
      write_result(dir.path() / "runs", config, epochs == 2 ? 0.5 : 0.75);
    }
  const auto cells = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"report", dir / "runs", "--json", "-"});
    const Outcome r = run_qkvbench(more);
    INFO(r.err);
    REQUIRE(r.status == 0);
    return json::parse(r.out)["cells"];
  };
  const json rows = cells({});
  REQUIRE(rows.size() == 4);
  CHECK(rows[0]["settings"] == json{{"epochs", 2}});
  CHECK(rows[2]["mean"] == 0.75);
  CHECK(cells({"--by", "epochs"}) == rows);
  const json averaged = cells({"--by", "none"});
  REQUIRE(averaged.size() == 2);
  CHECK(averaged[0]["mean"] == 0.625);
  CHECK(averaged[0]["settings"].empty());
  CHECK(run_qkvbench({"report", dir / "runs", "--by", "epoch"}).status == 2);
  CHECK(run_qkvbench({"report", dir / "runs", "--by", "seed"}).status == 2);
}
