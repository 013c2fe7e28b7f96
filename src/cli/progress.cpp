// Drawing progress and catching signals.
// A handler only notes the signal; the training loop acts on it between steps.
#include "qkvbench/cli/progress.hpp"

#include <signal.h>
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

volatile sig_atomic_t g_signal = 0;

extern "C" void on_signal(int number) {
  if (g_signal != 0) _exit(128 + number);
  g_signal = number;
}

constexpr double kTerminalEvery_s = 0.1, kPlainEvery_s = 30;

}  // namespace

int stop_signal() { return g_signal; }

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

ProgressLine::ProgressLine(const Session& session, std::string name)
    : session_(session),
      name_(std::move(name)),
      terminal_(::isatty(STDERR_FILENO) != 0),
      last_(terminal_ ? 0 : seconds_now()) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::clear() {
  if (drawn_) std::cerr << "\r\033[K" << std::flush;
  drawn_ = false;
}

void ProgressLine::on_step(const experiment::Progress& p) {
  const double now = seconds_now();
  if (session_.quiet || now - last_ < (terminal_ ? kTerminalEvery_s : kPlainEvery_s)) return;
  last_ = now;
  using report::fixed;
  std::string line = name_ + "  step " + with_commas(p.step) + "/" + with_commas(p.total_steps);
  if (std::isfinite(p.loss)) line += "  loss " + fixed(p.loss, 4) + "  accuracy " + fixed(p.accuracy, 3);
  line += "  " + with_commas(std::llround(p.tokens_per_s / static_cast<double>(unit_.tokens))) + " " + unit_.name +
          "/s  " + report::duration(p.left_s) + " left";
  if (terminal_)
    std::cerr << "\r" << line << "\033[K" << std::flush;
  else
    std::cerr << line << "\n";
  drawn_ = terminal_;
}

}  // namespace qkvbench::cli
