// Drawing over a line, and not too often.
// What it says is the caller's.
#include "qkvbench/cli/status_line.hpp"

#include <unistd.h>

#include <iostream>

#include "qkvbench/base/system.hpp"

namespace qkvbench::cli {

namespace {
constexpr double kTerminalEvery_s = 0.1, kPlainEvery_s = 30;
}

StatusLine::StatusLine(const Session& session)
    : quiet_(session.quiet), terminal_(::isatty(STDERR_FILENO) != 0), last_(terminal_ ? 0 : seconds_now()) {}

bool StatusLine::due() const {
  return !quiet_ && seconds_now() - last_ >= (terminal_ ? kTerminalEvery_s : kPlainEvery_s);
}

void StatusLine::show(const std::string& line) {
  if (quiet_) return;
  last_ = seconds_now();
  std::cerr << (terminal_ ? "\r" : "") << line << (terminal_ ? "\033[K" : "\n") << std::flush;
  drawn_ = terminal_;
}

void StatusLine::clear() {
  if (drawn_) std::cerr << "\r\033[K" << std::flush;
  drawn_ = false;
}

}  // namespace qkvbench::cli
