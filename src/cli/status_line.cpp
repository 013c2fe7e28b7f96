// Drawing over a line, and not too often.
// What it says is the caller's.
#include "qkvbench/cli/status_line.hpp"

#include <unistd.h>

#include <iostream>

#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {
constexpr double kPlainEvery_s = 30;

/// The first characters of a line, cut between two of them and marked so: a line that wraps cannot be drawn over.
std::string first_columns(const std::string& line, std::size_t most) {
  if (report::display_width(line) <= most) return line;
  std::size_t shown = 0, at = 0;
  for (; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xC0) != 0x80;
    if (begins && shown + 1 >= most) break;
    shown += begins ? 1 : 0;
  }
  return line.substr(0, at) + "…";
}
}  // namespace

StatusLine::StatusLine(const Session& session, double every_s)
    : quiet_(session.quiet),
      terminal_(is_capable_terminal(STDERR_FILENO)),
      every_s_(terminal_ ? every_s : kPlainEvery_s),
      last_(terminal_ ? 0 : seconds_now()) {}

bool StatusLine::due() const { return !quiet_ && seconds_now() - last_ >= every_s_; }

/// To the first column of what is drawn.
std::string StatusLine::to_begin() const { return drawn_ > 1 ? "\r\033[" + std::to_string(drawn_ - 1) + "A" : "\r"; }

void StatusLine::show(const std::string& line) {
  if (quiet_) return;
  last_ = seconds_now();
  std::string out = terminal_ ? to_begin() : line + "\n";
  if (terminal_) {
    const std::vector<std::string> lines = lines_of(line);
    for (std::size_t i = 0; i < lines.size(); ++i)
      out += (i > 0 ? "\n" : "") + first_columns(lines[i], window_columns(STDERR_FILENO) - 1) + "\033[K";
    drawn_ = static_cast<int>(lines.size());
  }
  std::cerr << out << std::flush;
}

void StatusLine::clear() {
  if (drawn_ == 0) return;
  std::string out =
      to_begin() + "\033[K";  // line by line: some terminals keep in their history what is cleared at once
  for (int i = 1; i < drawn_; ++i) out += "\n\033[K";
  if (drawn_ > 1) out += to_begin();
  std::cerr << out << std::flush;
  drawn_ = 0;
}

}  // namespace qkvbench::cli
