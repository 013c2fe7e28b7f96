// The binary on a terminal of 80 columns, and how wide what it writes there is.
// Keys are not pressed: it reads nothing.
#pragma once
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/report/table.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

namespace qkvbench::test {

/// What the binary writes on a terminal of 80 columns; both streams go there. `environment`: beside what is there.
inline std::string on_terminal(std::vector<std::string> arguments,
                               const std::vector<std::pair<std::string, std::string>>& environment = {}) {
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
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
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
inline std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find_first_of("\r\n", at);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(at, end - at);
    if (line.find('\033') == std::string::npos) most = std::max(most, report::display_width(line));
    at = end + 1;
  }
  return most;
}

}  // namespace qkvbench::test
