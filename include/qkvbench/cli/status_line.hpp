// One line on stderr, or a block of them, that says how far something is: a run, a sweep, a download.
// On a terminal it is drawn over; elsewhere it is a plain line at most every 30 seconds. -q shows none.
#pragma once
#include <string>

#include "qkvbench/cli/command.hpp"

namespace qkvbench::cli {

class StatusLine {
 public:
  /// `every_s`: how often at most it is drawn on a terminal.
  explicit StatusLine(const Session& session, double every_s = 0.1);
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  bool on_terminal() const { return terminal_; }
  /// Whether it is time for the next one: ask before putting a line together.
  bool due() const;
  /// Shows a line now, due or not; on a terminal also several, with line ends between them.
  void show(const std::string& line);
  /// Takes the line off a terminal.
  void clear();

 private:
  std::string to_begin() const;

  bool quiet_, terminal_;
  int drawn_ = 0;  ///< lines that stand on the terminal
  double every_s_, last_;
};

}  // namespace qkvbench::cli
