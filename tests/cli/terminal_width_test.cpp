// Tables on a terminal of 80 columns: no line is wider, whatever is printed.
// How they are laid out is tested in tests/report/table_test.
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "qkvbench/report/table.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/results.hpp"

using qkvbench::test::qkvbench_path;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::config_of;
using qkvbench::testing::write_result;

namespace {

/// What the binary writes on a terminal of 80 columns; both streams go there.
std::string on_terminal(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), qkvbench_path());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  winsize size{24, 80, 0, 0};
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(terminal, buffer.data(), buffer.size())) > 0;)  // ends in EIO when the child is gone
    text.append(buffer.data(), static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(terminal);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  return text;
}

/// The widest line as it stands on the screen.
std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find_first_of("\r\n", at);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(at, end - at);
    if (line.find('\033') == std::string::npos) most = std::max(most, qkvbench::report::display_width(line));
    at = end + 1;
  }
  return most;
}

}  // namespace

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
