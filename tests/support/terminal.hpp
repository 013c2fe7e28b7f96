// The binary on a terminal, and how wide what it writes there is.
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

struct Terminal {
  unsigned short columns = 80;
  const char* term = "xterm";
  int status = 0;                                                  ///< that the binary has to end with
  std::vector<std::pair<std::string, std::string>> environment{};  ///< beside what is there
};

/// What the binary writes on a terminal; both streams go there.
inline std::string on_terminal(std::vector<std::string> arguments, const Terminal& of = {}) {
  arguments.insert(arguments.begin(), qkvbench_path());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  winsize size{24, of.columns, 0, 0};
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", of.term, 1);
    for (const auto& [name, value] : of.environment) ::setenv(name.c_str(), value.c_str(), 1);
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
  INFO(text);
  CHECK(WEXITSTATUS(status) == of.status);
  return text;
}

/// Without the sequences that colour text and clear a line.
inline std::string without_escapes(std::string text) {
  for (std::size_t at; (at = text.find("\033[")) != std::string::npos;)
    text.erase(at, text.find_first_not_of("0123456789;", at + 2) + 1 - at);
  return text;
}

/// The widest line as it stands on the screen; of lines of one word, which cannot be broken, nothing is asked.
inline std::size_t widest(const std::string& whole) {
  const std::string text = without_escapes(whole);
  std::size_t most = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find_first_of("\r\n", at);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(at, end - at);
    if (line.find(' ') != std::string::npos || line.starts_with("─"))
      most = std::max(most, report::display_width(line));
    at = end + 1;
  }
  return most;
}

}  // namespace qkvbench::test
