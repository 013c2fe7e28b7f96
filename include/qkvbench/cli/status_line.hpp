// One line on stderr that says how far something is: a run, a sweep, a download.
// On a terminal it is drawn over; elsewhere it is a plain line at most every 30 seconds. -q shows none.
#pragma once
#include <string>

#include "qkvbench/cli/command.hpp"

namespace qkvbench::cli {

class StatusLine {
 public:
  explicit StatusLine(const Session& session);
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  bool on_terminal() const { return terminal_; }
  /// Whether it is time for the next one: ask before putting a line together.
  bool due() const;
  /// Shows a line now, due or not.
  void show(const std::string& line);
  /// Takes the line off a terminal.
  void clear();

 private:
  bool quiet_, terminal_, drawn_ = false;
  double last_;
};

}  // namespace qkvbench::cli
