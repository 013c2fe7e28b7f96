// Telling progress and catching signals.
// A handler only notes the signal; the training loop acts on it between steps.
#include "qkvbench/cli/progress.hpp"

#include <signal.h>
#include <unistd.h>

#include <cmath>

#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/answer.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

volatile sig_atomic_t g_signal = 0, g_nothing_to_save = 0, g_save = 0;

// Whatever is being written is a temporary file still, so leaving at once loses nothing that was there.
extern "C" void on_stop_signal(int number) {
  if (g_signal != 0 || g_nothing_to_save != 0) {
    answer_signal(number);
    _exit(128 + number);
  }
  g_signal = number;
}

extern "C" void on_save_signal(int) { g_save = 1; }

void handle(int number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(number, &action, nullptr);
}

}  // namespace

int stop_signal() { return g_signal; }

void catch_stop_signals() {
  handle(SIGINT, on_stop_signal);
  handle(SIGTERM, on_stop_signal);
  struct sigaction hangup {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) handle(SIGHUP, on_stop_signal);  // nohup means to go on
  handle(SIGUSR1, on_save_signal);
}

ProgressLine::ProgressLine(const Session& session, std::string name, double deadline_s)
    : session_(session), line_(session), name_(std::move(name)), deadline_s_(deadline_s) {
  on_worth_saving(false);
}

bool ProgressLine::wants_stop() { return g_signal != 0 || seconds_now() >= deadline_s_; }

int ProgressLine::stop_signal() { return cli::stop_signal(); }

bool ProgressLine::wants_checkpoint() {
  if (g_save == 0) return false;
  g_save = 0;
  return true;
}

void ProgressLine::on_worth_saving(bool worth) { g_nothing_to_save = worth ? 0 : 1; }

void ProgressLine::on_note(const std::string& text) {
  line_.clear();
  note(session_, name_ + ": " + text);
}

ProgressLine::~ProgressLine() { on_worth_saving(true); }

void ProgressLine::on_step(const run::Progress& p) {
  if (!line_.due()) return;
  using report::fixed;
  std::string line = name_ + "  step " + with_commas(p.step) + "/" + with_commas(p.total_steps);
  if (std::isfinite(p.loss)) line += "  loss " + fixed(p.loss, 4) + "  accuracy " + fixed(p.accuracy, 3);
  line += "  " + with_commas(std::llround(p.tokens_per_s / static_cast<double>(unit_.tokens))) + " " + unit_.name +
          "/s  " + report::duration(p.left_s) + " left";
  line_.show(line);
}

}  // namespace qkvbench::cli
