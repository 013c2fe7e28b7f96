// What every command prints: on terminals of several widths, off a terminal, in colour, and in each --format.
// How tables are laid out is tested in tests/report/table_test, what commands say in tests of their own.
#include "cli/every_command.hpp"

#include <set>
#include <sstream>

#include "support/messages.hpp"
#include "support/python.hpp"
#include "support/terminal.hpp"

using qkvbench::test::Call;
using qkvbench::test::CommandsPlace;
using qkvbench::test::EnvironmentVariable;
using qkvbench::test::every_call;
using qkvbench::test::Kind;
using qkvbench::test::on_terminal;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::testing::has;

namespace {

/// The names in the first column of "Subcommands:" of a help text.
std::vector<std::string> subcommands(const std::vector<std::string>& help) {
  const std::string text = run_qkvbench(help).out;
  std::vector<std::string> names;
  const std::size_t at = text.find("Subcommands:");
  if (at == std::string::npos) return names;
  std::istringstream lines(text.substr(at));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && line.starts_with("  ");)
    if (line[2] != ' ') names.push_back(line.substr(2, line.find(' ', 2) - 2));
  return names;
}

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The words of a text, without the rules of tables.
std::set<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::set<std::string> words;
  for (std::string word; in >> word;)
    if (!word.starts_with("─")) words.insert(word);
  return words;
}

}  // namespace

TEST_CASE("every command is among the calls that are tested here") {
  std::set<std::string> called;
  for (const Call& call : every_call()) {
    const std::vector<std::string> words = call.words();
    called.insert(words[0]);
    if (words.size() > 1) called.insert(words[0] + " " + words[1]);
  }
  const std::vector<std::string> commands = subcommands({"help"});
  REQUIRE(commands.size() > 20);
  for (const std::string& command : commands) {
    CHECK(called.contains(command));
    for (const std::string& below : subcommands({"help", command}))
      if (below != "fetch") CHECK(called.contains(command + " " + below));  // prints what import prints
  }
}

TEST_CASE("whatever is printed fits its terminal whole, and has no escapes elsewhere", "[release]") {
  const CommandsPlace place;
  for (const Call& call : every_call()) {
    INFO(call.line);
    const Outcome plain = run_qkvbench(call.words());
    INFO(plain.out << plain.err);
    CHECK(plain.status == call.status);
    CHECK_FALSE(has(plain.out + plain.err, "\033"));
    if (call.kind == Kind::kRaw) continue;
    for (const unsigned short columns : std::initializer_list<unsigned short>{80, 100, 200}) {
      if (call.kind == Kind::kTimed && columns > 80) continue;  // takes its time
      const std::string text = on_terminal(call.words(), {.columns = columns, .term = "xterm", .status = call.status});
      INFO(columns << " columns\n" << text);
      CHECK(qkvbench::test::widest(text) < columns);
      if (call.kind == Kind::kTimed) continue;
      const std::set<std::string> shown = words_of(qkvbench::test::without_escapes(text));
      for (const std::string& word : words_of(plain.out)) {
        INFO(word);
        CHECK(shown.contains(word));
      }
    }
    const std::string dumb = on_terminal(call.words(), {.columns = 80, .term = "dumb", .status = call.status});
    CHECK_FALSE(has(dumb, "\033"));
  }
}

TEST_CASE("every command that prints a table prints it as markdown, latex and csv too", "[release]") {
  const CommandsPlace place;
  std::filesystem::create_directories("printed");
  std::size_t n = 0;
  for (const Call& call : every_call()) {
    INFO(call.line);
    const std::vector<std::string> words = call.words();
    const bool offered =
        has(run_qkvbench({"help", words[0], words[0] == "data" ? words[1] : "--help"}).out, "--format");
    CHECK((offered || call.kind == Kind::kText || call.kind == Kind::kRaw));
    if (call.kind == Kind::kText || call.kind == Kind::kRaw) continue;
    for (const char* format : {"csv", "markdown", "latex"}) {
      if (call.kind == Kind::kTimed && std::string(format) != "markdown") continue;  // takes its time
      const Outcome r = run_qkvbench(with(words, {"-q", "--format", format, "--color", "always"}));
      INFO(format << "\n" << r.out << r.err);
      CHECK(r.status == call.status);
      CHECK_FALSE(has(r.out, "\033"));
      qkvbench::write_file_atomic("printed/" + std::to_string(n) + "." + format, r.out);
    }
    ++n;
  }
  CHECK(std::system(
            (qkvbench::test::python_with("csv") + " " SOURCE_DIR "/tests/support/check_tables.py printed").c_str()) ==
        0);
}

TEST_CASE("verdicts and the best of a column have colours, where they are wanted") {
  const CommandsPlace place;
  constexpr const char *kGreen = "\033[32m", *kRed = "\033[31m", *kBold = "\033[1m", *kFaint = "\033[2m";
  const std::vector<std::string> verify{"verify", "--golden", "golden"},
      recall{"reproduce", "recall", "--budget", "1m", "--out", "recall", "-q"}, report{"report", "made", "-q"};
  CHECK(has(on_terminal(verify), std::string(kGreen) + "passed\033[0m"));
  std::string text = on_terminal(recall, {.columns = 200, .term = "xterm", .status = 7});
  INFO(text);
  CHECK(has(text, std::string(kRed) + "does not hold\033[0m"));
  CHECK(has(text, std::string(kFaint) + "inconclusive\033[0m"));
  text = on_terminal(report);
  INFO(text);
  CHECK(has(text, std::string(kBold) + "0.600"));  // the higher accuracy,
  const std::size_t lower = text.find(std::string(kBold) + "0.500");
  CHECK(lower != std::string::npos);  // and the lower perplexity
  CHECK(text.find(std::string(kBold) + "0.500", lower + 1) == std::string::npos);
  // Not wanted: NO_COLOR, --color never, no terminal, one that understands nothing. Wanted all the same: --color
  // always.
  CHECK_FALSE(has(on_terminal(with(report, {"--color", "never"})), "\033"));
  CHECK_FALSE(has(run_qkvbench(report).out, "\033"));
  CHECK_FALSE(has(on_terminal(report, {.columns = 80, .term = "dumb"}), "\033"));
  CHECK(has(run_qkvbench(with(report, {"--color", "always"})).out, kBold));
  const EnvironmentVariable no_color("NO_COLOR", "1");
  CHECK_FALSE(has(on_terminal(report), "\033"));
  CHECK(has(run_qkvbench(with(report, {"--color", "always"})).out, kBold));
  const EnvironmentVariable empty("NO_COLOR", "");
  CHECK(has(on_terminal(report), kBold));
}
