// Tables on a terminal of 80 columns: no line is wider, whatever is printed.
// How they are laid out is tested in tests/report/table_test.
#include <cctype>
#include <sstream>

#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/results.hpp"
#include "support/terminal.hpp"

using qkvbench::test::on_terminal;
using qkvbench::test::TemporaryDirectory;
using qkvbench::test::widest;
using qkvbench::testing::config_of;
using qkvbench::testing::write_result;

TEST_CASE("tables fit a terminal of 80 columns") {
  const TemporaryDirectory dir;
  for (const char* task : {"reverse", "sort", "sub", "swap", "lm"})
    for (const std::uint64_t seed : {0u, 1u, 2u})
      for (const char* variant : {"q_k_v", "qk_v+", "q_kv"})
        write_result(dir.path() / "runs", config_of(task, variant, seed), 0.5 + 0.1 * static_cast<double>(seed));
  write_result(dir.path() / "runs", config_of("sort", "qkv", 4), 0.75);  // alone, named below the table
  const std::vector<std::vector<std::string>> commands{{"report", dir / "runs"},
                                                       {"list", "tasks"},
                                                       {"list", "variants"},
                                                       {"sweep", "table1-least", "--status", "--out", dir / "none"}};
  for (const std::vector<std::string>& command : commands) {
    const std::string text = on_terminal(command);
    INFO(text);
    CHECK(text.find("─") != std::string::npos);
    CHECK(widest(text) <= 79);
  }
  const std::string text =
      on_terminal({"train", "--task", "copy", "--d-model", "8", "--heads", "2", "--n-train", "64", "--n-test", "16",
                   "--batch-size", "16", "--variant", "q_k_v,q_k_v+", "-q", "--out", dir / "trained"});
  const std::string table = text.substr(0, text.find("\r\n\r\n"));
  INFO(text);
  CHECK(table.find("─") != std::string::npos);
  CHECK(widest(table) <= 79);  // below it stand paths, which are as long as they are
}

TEST_CASE("help fits a terminal of 80 columns, and is the same text with other line ends") {
  const auto words = [](std::string text) {
    std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
    return text;
  };
  const std::string overview = qkvbench::test::run_qkvbench({"help"}).out;
  std::istringstream lines(overview.substr(overview.find("Subcommands:")));
  std::vector<std::vector<std::string>> calls{{"help"}, {"help", "data", "fetch"}, {"help", "bench", "decode"}};
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && line.starts_with("  ");)
    calls.push_back({"help", line.substr(2, line.find(' ', 2) - 2)});
  REQUIRE(calls.size() > 20);
  for (const std::vector<std::string>& call : calls) {
    const std::string text = on_terminal(call);
    INFO(text);
    CHECK(widest(text) <= 79);
    CHECK(words(text) == words(qkvbench::test::run_qkvbench(call).out));
  }
}

TEST_CASE("what analyze measures fits a terminal of 80 columns; only attention by head takes two parts") {
  const TemporaryDirectory dir;
  const std::vector<std::string> small{"--task", "copy",     "--d-model", "16",           "--heads", "4", "--n-train",
                                       "64",     "--n-test", "32",        "--batch-size", "16",      "-q"};
  for (const char* variant : {"q_k_v", "q_kv"}) {
    std::vector<std::string> train{"train", "--variant", variant, "--out", dir / variant};
    train.insert(train.end(), small.begin(), small.end());
    REQUIRE(qkvbench::test::run_qkvbench(train).status == 0);
  }
  const std::string first = qkvbench::test::only_entry(dir / "q_k_v"),
                    second = qkvbench::test::only_entry(dir / "q_kv");
  struct Call {
    std::vector<std::string> arguments;
    std::size_t tables;
  };
  for (const Call& call :
       {Call{{"analyze", first}, 9}, Call{{"analyze", first, "--by-head"}, 8}, Call{{"analyze", second}, 7}}) {
    const std::string text = on_terminal(call.arguments);
    INFO(text);
    CHECK(widest(text) <= 79);
    std::size_t rules = 0;  // below the titles of a table
    for (std::size_t at = 0; (at = text.find("\n─", at)) != std::string::npos; ++at) ++rules;
    CHECK(rules == call.tables);
  }
  const std::string text = on_terminal({"analyze", first, "--against", second});
  INFO(text);
  const std::size_t named = text.find("Against ");  // and the second model's path, which is as long as it is
  REQUIRE(named != std::string::npos);
  CHECK(widest(text.substr(0, named)) <= 79);
  CHECK(widest(text.substr(text.find('\n', named))) <= 79);
}
