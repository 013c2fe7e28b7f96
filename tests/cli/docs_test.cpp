// What README and docs say of the program is what the program says: commands, tables of rows, and what lists print.
// Links and lengths are tested in tests/house/docs_test.
#include <set>

#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/pages.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::testing::all_pages;
using qkvbench::testing::between_marks;
using qkvbench::testing::cells_of;
using qkvbench::testing::has;
using qkvbench::testing::lines_of;
using qkvbench::testing::Page;
using qkvbench::testing::read_page;

namespace {

using Words = std::vector<std::string>;

/// The first command of a line of shell, up to a pipe, a redirection or a comment: words, without quotes.
Words words_of(const std::string& line) {
  Words words;
  std::string word;
  char quote = 0;
  bool open = false;
  const auto end_word = [&] {
    if (open) words.push_back(word);
    word.clear();
    open = false;
  };
  for (const char c : line) {
    if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? 0 : c;
      open = true;
    } else if (quote == 0 && (c == ' ' || c == '\n')) {
      end_word();
    } else if (quote == 0 && (c == '|' || c == '>' || c == '&' || c == ';' || (c == '#' && !open))) {
      if (word == "2" && c == '>') open = false;
      break;
    } else {
      word += c;
      open = true;
    }
  }
  end_word();
  return words;
}

/// Arguments of every call of the program that a page shows, in its examples and in its text.
std::vector<Words> calls_in(const Page& page) {
  std::vector<std::string> lines;
  for (const std::string& line : page.examples) lines.push_back(line.rfind("$ ", 0) == 0 ? line.substr(2) : line);
  for (const std::string& code : between_marks(page.prose(), "`", "`")) lines.push_back(code);
  std::vector<Words> calls;
  for (const std::string& line : lines) {
    if (line.rfind("qkvbench ", 0) != 0) continue;
    Words words = words_of(line.substr(9));
    if (!words.empty() && words[0] != "0.1.0") calls.push_back(words);
  }
  return calls;
}

/// The command line again with --json where nothing can be written: it is understood first, and nothing is done.
Outcome only_parsed(const Words& call) {
  Words arguments;
  for (std::size_t i = 0; i < call.size(); ++i) {
    if (call[i] == "--json")
      ++i;
    else
      arguments.push_back(call[i]);
  }
  arguments.insert(arguments.end(), {"--json", "/nowhere/to/be/found.json"});
  return run_qkvbench(arguments);
}

/// First cells of the rows of the table below a heading, without the marks of code.
std::set<std::string> first_cells(const std::string& text, const std::string& heading) {
  const std::size_t table = text.find("\n| " + heading + " |");
  REQUIRE(table != std::string::npos);
  std::set<std::string> cells;
  for (const std::string& line : lines_of(text.substr(table + 1))) {
    if (line.rfind("|", 0) != 0) break;
    for (const std::string& id : between_marks(cells_of(line).at(1), "`", "`")) cells.insert(id);
  }
  return cells;
}

std::set<std::string> listed(const char* what) {
  const json answer = json::parse(run_qkvbench({"list", what, "--json", "-"}).out);
  std::set<std::string> ids;
  for (const json& row : answer.at(what)) ids.insert(row.at("id"));
  return ids;
}

}  // namespace

TEST_CASE("every command that README and docs show is understood") {
  int seen = 0;
  for (const Page& page : all_pages())
    for (const Words& call : calls_in(page)) {
      INFO(page.path.string() << ": qkvbench " << qkvbench::join(call, " "));
      if (call[0].rfind("--", 0) == 0) continue;
      const Outcome r = only_parsed(call);
      INFO(r.err);
      // Shown for its error, or a command that is only named.
      const bool refused = has(r.err, "'--varient'") || (call.size() == 1 && has(r.err, " is missing: "));
      CHECK(r.status == (refused ? 2 : 4));
      ++seen;
    }
  CHECK(seen > 50);
}

TEST_CASE("README's table of commands is that of the program's help") {
  const std::string help = run_qkvbench({"--help"}).out;
  const std::size_t list = help.find("Subcommands:\n");
  REQUIRE(list != std::string::npos);
  std::set<std::string> commands;
  for (const std::string& line : lines_of(help.substr(list + 13))) {
    if (line.rfind("  ", 0) != 0) break;
    commands.insert(words_of(line).at(0));
  }
  CHECK(commands.size() > 10);
  CHECK(first_cells(read_page(SOURCE_DIR "/README.md").prose(), "command") == commands);
}

TEST_CASE("tables of variants and tasks have the rows that the program lists") {
  std::set<std::string> partitions;
  for (const std::string& id : listed("variants"))
    if (id.back() != '+') partitions.insert(id);
  CHECK(first_cells(read_page(SOURCE_DIR "/README.md").prose(), "id") == partitions);
  CHECK(first_cells(read_page(SOURCE_DIR "/docs/data.md").prose(), "task") == listed("tasks"));
}

TEST_CASE("lists, counts and errors stand in README and docs as the program prints them") {
  int seen = 0;
  for (const Page& page : all_pages())
    for (std::size_t i = 0; i < page.examples.size(); ++i) {
      const std::string& line = page.examples[i];
      if (line.rfind("$ qkvbench ", 0) != 0 || i + 1 == page.examples.size()) continue;
      const Words call = words_of(line.substr(11));
      const bool fails = page.examples[i + 1].rfind("error: variant", 0) == 0;
      if (!fails && call.at(0) != "list" && call.at(0) != "inspect") continue;
      const Outcome r = run_qkvbench(call);
      const std::string printed = "\n" + r.out + r.err;
      for (++i; i < page.examples.size() && page.examples[i].rfind("$ ", 0) != 0; ++i) {
        if (page.lines[i].empty() && page.examples[i].empty()) continue;
        if (!page.lines[i].empty()) break;
        if (page.examples[i] == "…") continue;
        INFO(page.path.string() << ": " << page.examples[i]);
        CHECK(has(printed, "\n" + page.examples[i] + "\n"));
        ++seen;
      }
      --i;
    }
  CHECK(seen > 5);
}
