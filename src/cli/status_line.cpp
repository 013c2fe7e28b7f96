// Drawing over a line, and not too often.
// What it says is the caller's.
#include "qkvbench/cli/status_line.hpp"

#include <unistd.h>

#include <iostream>

#include "qkvbench/base/system.hpp"

namespace qkvbench::cli {

namespace {
constexpr double kTerminalEvery_s = 0.1, kPlainEvery_s = 30;

/// The first characters of a line, cut between two of them: a line that wraps cannot be drawn over.
std::string first_columns(const std::string& line, std::size_t most) {
  std::size_t shown = 0, at = 0;
  for (; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xC0) != 0x80;
    if (begins && shown == most) break;
    shown += begins ? 1 : 0;
  }
  return line.substr(0, at);
}
}  // namespace

StatusLine::StatusLine(const Session& session)
    : quiet_(session.quiet), terminal_(is_capable_terminal(STDERR_FILENO)), last_(terminal_ ? 0 : seconds_now()) {}

bool StatusLine::due() const {
  return !quiet_ && seconds_now() - last_ >= (terminal_ ? kTerminalEvery_s : kPlainEvery_s);
}

void StatusLine::show(const std::string& line) {
  if (quiet_) return;
  last_ = seconds_now();
  std::cerr << (terminal_ ? "\r" : "") << (terminal_ ? first_columns(line, window_columns(STDERR_FILENO) - 1) : line)
            << (terminal_ ? "\033[K" : "\n") << std::flush;
  drawn_ = terminal_;
}

void StatusLine::clear() {
  if (drawn_) std::cerr << "\r\033[K" << std::flush;
  drawn_ = false;
}

}  // namespace qkvbench::cli
