// The progress line of a run, and the signals that stop it.
// On a terminal one line that is drawn over; elsewhere a plain line at most every 30 seconds.
#pragma once
#include "qkvbench/cli/command.hpp"
#include "qkvbench/experiment/run.hpp"

namespace qkvbench::cli {

/// The signal that asked to stop (SIGINT or SIGTERM), or 0.
int stop_signal();

/// From now on SIGINT and SIGTERM ask to stop; a second one ends the process at once.
void catch_stop_signals();

class ProgressLine : public experiment::Monitor {
 public:
  ProgressLine(const Session& session, std::string name);
  ~ProgressLine() override;
  /// What speed is told in; tokens unless this is called.
  void tell_speed_in(const experiment::SpeedUnit& unit) { unit_ = unit; }
  void on_step(const experiment::Progress& progress) override;
  bool wants_stop() override { return stop_signal() != 0; }

 private:
  void clear();

  const Session& session_;
  std::string name_;
  experiment::SpeedUnit unit_{"tokens", 1};
  bool terminal_, drawn_ = false;
  double last_;
};

}  // namespace qkvbench::cli
