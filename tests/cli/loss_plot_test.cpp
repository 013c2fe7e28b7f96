// train --plot: the loss in the terminal while it runs, in place and within its width; plain text where there is none.
// What is drawn is read back: braille patterns to dots, rows to losses.
#include "qkvbench/cli/loss_plot.hpp"

#include <algorithm>

#include "qkvbench/base/text.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/terminal.hpp"

using qkvbench::lines_of;
using qkvbench::cli::LossPlot;
using qkvbench::cli::plot_text;
using qkvbench::test::on_terminal;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::test::widest;
using qkvbench::testing::has;

namespace {

const std::string kBraille = "\xE2\xA0";  // most patterns begin so

/// A run; of 3000 examples about a second.
std::vector<std::string> train(const std::string& out, std::vector<std::string> more, const char* examples = "320") {
  more.insert(more.begin(), {"train", "--task", "copy", "--d-model", "32", "--heads", "2", "--n-train", examples,
                             "--n-test", "16", "--batch-size", "16", "--plot", "--out", out});
  return more;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a loss that falls in a straight line is drawn as one, from corner to corner") {
  LossPlot plot{"loss", {}, 100};
  for (qkvbench::index_t step = 0; step <= 100; ++step)
    plot.curve.push_back({step, 2.0 - 0.01 * static_cast<double>(step), 0, 0, 0});
  const std::vector<std::string> lines = lines_of(plot_text(plot, 50, 14, false));
  REQUIRE(lines.size() == 14);
  CHECK(lines[0] == "loss");
  CHECK(lines[1].starts_with("  2.000 |*"));
  CHECK(lines[11].starts_with("  1.000 |"));
  CHECK(lines[11].size() == 50);
  CHECK(lines[11].back() == '*');
  for (std::size_t y = 1; y <= 11; ++y) {
    // The middle of each row's stars lies on the line.
    const double middle = static_cast<double>(lines[y].find('*') + lines[y].rfind('*')) / 2 - 9;
    const double expected = 40.0 * static_cast<double>(y - 1) / 10;
    INFO(lines[y]);
    CHECK(std::abs(middle - expected) <= 2);
  }
  CHECK(has(lines[13], "100 steps"));
}

TEST_CASE("what is not finite or does not fit is left out") {
  LossPlot plot{"loss", {{1, NAN, 0, 0, 0}}, 10};
  CHECK(count(plot_text(plot, 50, 14, false), "*") == 0);
  CHECK(lines_of(plot_text(plot, 50, 14, false)).size() == 14);
  CHECK(plot_text(plot, 50, 4, false).empty());
  CHECK(plot_text(plot, 20, 14, true).empty());
  plot.curve = {{1, 3, 0, 0, 0}, {10, 3, 0, 0, 0}};  // without any range
  CHECK(count(plot_text(plot, 50, 14, false), "*") > 30);
  plot.curve = {{1, 100, 0, 0, 0}, {5, 1, 0, 0, 0}, {10, 0.01, 0, 0, 0}};
  const std::vector<std::string> lines = lines_of(plot_text(plot, 50, 14, false));
  CHECK(has(lines[6], "1.000"));  // half-way on a logarithmic scale
}

TEST_CASE("on a terminal the loss is drawn in place, within 80 columns, for each run") {
  const TemporaryDirectory dir;
  const std::string text =
      on_terminal(train(dir / "a", {"--seed", "0,1"}, "3000"), {.environment = {{"LC_ALL", "C.UTF-8"}}});
  INFO(text);
  // Fourteen rows of it over the line: each run clears them twice, and draws over them as often as it has time.
  CHECK(count(text, "\r\033[14A") >= 4);
  CHECK(has(text, kBraille));
  CHECK(widest(text.substr(0, text.find("\r\n\r\n"))) <= 79);
  CHECK(count(text, "training loss, nats a target; dotted: test") == 2);  // what stays of each run
  const std::string ascii = on_terminal(train(dir / "b", {}), {.environment = {{"LC_ALL", "C"}}});
  const std::string drawn = ascii.substr(0, ascii.find("variant "));
  CHECK_FALSE(has(drawn, kBraille));
  CHECK(has(drawn, "*"));
  CHECK_FALSE(has(drawn, "│"));  // of the axis; the line of progress below it may end in "…"
  CHECK_FALSE(has(on_terminal(train(dir / "c", {"-q"}), {.environment = {{"LC_ALL", "C.UTF-8"}}}), "training loss"));
  const std::string dumb = on_terminal(train(dir / "d", {}), {.term = "dumb"});
  CHECK(count(dumb, "training loss") == 1);
  CHECK_FALSE(has(dumb, "\033"));
}

TEST_CASE("elsewhere the loss is drawn once, behind the run, and of a run that was finished too") {
  const TemporaryDirectory dir;
  const auto first = run_qkvbench(train(dir / "a", {})), again = run_qkvbench(train(dir / "a", {}));
  INFO(first.err);
  CHECK(first.status == 0);
  CHECK(count(first.err, "training loss") == 1);
  CHECK_FALSE(has(first.err, "\033"));
  CHECK_FALSE(has(first.out, "training loss"));
  CHECK(has(again.err, first.err.substr(first.err.find("copy q_k_v: training loss"), 400)));
  CHECK_FALSE(has(run_qkvbench(train(dir / "b", {"-q"})).err, "loss"));
}
