// Telling progress and catching signals.
// A handler only notes the signal; the training loop acts on it between steps.
#include "qkvbench/cli/progress.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/answer.hpp"
#include "qkvbench/cli/loss_plot.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

constexpr double kLineEvery_s = 0.1, kPlotEvery_s = 0.25;
constexpr std::size_t kPlotRows = 14, kPlainColumns = 80;  // of a plot; of what is no terminal

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

ProgressLine::ProgressLine(const Session& session, std::string name, double deadline_s, bool plot)
    : session_(session),
      line_(session, plot ? kPlotEvery_s : kLineEvery_s),
      name_(std::move(name)),
      deadline_s_(deadline_s),
      plot_(plot) {
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
  if (!p.curve.empty() && std::isfinite(p.curve.back().train_loss))
    line += "  loss " + fixed(p.curve.back().train_loss, 4) + "  accuracy " + fixed(p.curve.back().train_accuracy, 3);
  line += "  " + with_commas(std::llround(p.tokens_per_s / static_cast<double>(unit_.tokens))) + " " + unit_.name +
          "/s  " + report::duration(p.left_s) + " left";
  if (plot_ && line_.on_terminal()) {
    const std::size_t rows = std::min(kPlotRows, window_rows(STDERR_FILENO) - 1);  // the line itself takes one
    const std::string plot = plot_text({name_ + ": training loss, nats a target", p.curve, p.total_steps, NAN},
                                       window_columns(STDERR_FILENO) - 1, rows, locale_is_utf8());
    if (!plot.empty()) line = plot + "\n" + line;
  }
  line_.show(line);
}

void ProgressLine::show_end(const run::Result& result) {
  if (!plot_ || session_.quiet || result.curve.empty()) return;
  line_.clear();
  LossPlot plot{name_ + ": training loss, nats a target", result.curve, result.curve.back().step, NAN};
  for (const char* metric : {"val_loss", "test_loss"})
    if (const auto loss = result.metrics.value(metric); loss && std::isfinite(*loss)) {
      plot.level = *loss;
      plot.title += std::string("; dotted: ") + (metric[0] == 'v' ? "validation " : "test ") + report::fixed(*loss, 4);
      break;
    }
  const std::size_t columns = line_.on_terminal() ? window_columns(STDERR_FILENO) : kPlainColumns;
  if (const std::string text = plot_text(plot, columns - 1, kPlotRows, locale_is_utf8()); !text.empty())
    std::cerr << text << "\n" << std::flush;
}

}  // namespace qkvbench::cli
