// The progress line of a run, and the signals that stop it.
// How a line is shown is in status_line.
#pragma once
#include "qkvbench/cli/status_line.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::cli {

/// The signal that asked to stop (SIGINT or SIGTERM), or 0.
int stop_signal();

/// From now on SIGINT and SIGTERM ask to stop; one that comes after another, or while a run has nothing to save yet,
/// ends the process at once. SIGUSR1 asks a run for a checkpoint.
void catch_stop_signals();

class ProgressLine : public run::Monitor {
 public:
  /// `deadline_s`: when to stop, on the clock of seconds_now().
  /// `plot`: the loss is drawn over the line on a terminal that is large enough.
  ProgressLine(const Session& session, std::string name, double deadline_s, bool plot = false);
  ~ProgressLine() override;
  /// What speed is told in; tokens unless this is called.
  void tell_speed_in(const run::SpeedUnit& unit) { unit_ = unit; }
  /// Leaves the loss of a run that ended on stderr, with what it scored at the end; unless -q.
  void show_end(const run::Result& result);
  void on_step(const run::Progress& progress) override;
  bool wants_stop() override;
  int stop_signal() override;
  bool wants_checkpoint() override;
  void on_worth_saving(bool worth) override;
  void on_note(const std::string& text) override;

 private:
  const Session& session_;
  StatusLine line_;
  std::string name_;
  run::SpeedUnit unit_{"tokens", 1};
  double deadline_s_;
  bool plot_;
};

}  // namespace qkvbench::cli
