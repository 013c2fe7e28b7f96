// What people type wrongly, and the one line that each gets: wrong_inputs.txt has them, a command line, then the exit
// status and the line. To add one, add two lines; what is printed is shown when they differ.
// The error object of --json is held against the same line.
#include <algorithm>
#include <filesystem>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

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

/// Words between spaces; within '' spaces stay, and '' alone is an empty word.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  bool quoted = false, open = false;
  for (const char c : line) {
    if (c == ' ' && !quoted) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    if (c == '\'')
      quoted = !quoted;
    else
      words.back() += c;
  }
  return words;
}

/// A directory with a run, a model of text, a folder of runs and files of wrong content, as the lines name them.
void make_place() {
  const auto train = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--d-model", "8", "--layers", "1", "--heads", "2", "-q"});
    REQUIRE(run_qkvbench(more).status == 0);
  };
  train(
      {"--task", "copy", "--seq-len", "8", "--n-train", "32", "--n-test", "8", "--batch-size", "16", "--epochs", "1"});
  train({"--task", "lm", "--seq-len", "8", "--steps", "2", "--out", "texts"});
  fs::create_directory_symlink(qkvbench::test::only_entry("results"), "run");
  fs::create_directory_symlink(qkvbench::test::only_entry("texts"), "text");
  fs::create_directory("empty");
  write_file_atomic("short.txt", "hello world\n");
  write_file_atomic("bad.json", "{\"d_modle\": 3}\n");
  write_file_atomic("grid.json", "{\"grid\": {\"task\": \"copyy\"}}\n");
}

/// The object says the same as the line, and nothing is left out of it.
void check_object(const json& answer, int status, const std::string& line) {
  const json& error = answer["error"];
  CHECK(answer["kind"] == "error");
  CHECK(error["status"] == status);
  CHECK(line.starts_with("error: " + error["what"].get<std::string>()));
  for (const char* part : {"where", "mend"})
    if (!error[part].is_null()) CHECK(has(line, error[part]));
}

}  // namespace

TEST_CASE("what people type wrongly is answered with one line that says how to mend it") {
  const TemporaryDirectory dir;
  const EnvironmentVariable data("QKVBENCH_DATA", "data");
  const fs::path before = fs::current_path();
  fs::current_path(dir.path());
  make_place();
  const std::vector<std::string> lines = qkvbench::lines_of(read_file(SOURCE_DIR "/tests/cli/wrong_inputs.txt"));
  std::size_t seen = 0;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    if (!lines[i].starts_with("$ qkvbench")) continue;
    std::vector<std::string> words = words_of(lines[i].substr(2));
    words.erase(words.begin());
    // A flag at the end would take --json for its value.
    const bool asks_json = words.empty() || !words.back().starts_with("-") || words.back() == "-";
    if (asks_json) words.insert(words.end(), {"--json", "answer.json"});
    fs::remove("answer.json");
    const Outcome r = run_qkvbench(words);
    const std::string said = std::to_string(r.status) + " " + r.err;
    INFO(lines[i]);
    CHECK(said == lines[i + 1] + "\n");
    CHECK(r.out.empty());
    if (asks_json) check_object(json::parse(read_file("answer.json")), r.status, r.err);
    ++seen;
  }
  CHECK(seen >= 60);
  fs::current_path(before);
}
