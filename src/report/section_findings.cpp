// What a page says first: which way is better, and what guessing and the best model there is would get.
// The sentences are report/answer's; where claims are judged, their verdicts come first instead.
#include <algorithm>
#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/answer.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/summary_tables.hpp"

namespace qkvbench::report {

namespace {

constexpr std::size_t kShown = 8;  // the first screen holds no more

/// "accuracy ↑, chance 0.100, best there is 0.873"
std::string scale_text(const Summary& summary, const Group& group) {
  const Metric& metric = metric_of(group.task);
  std::string out = directed(metric);
  if (const auto chance = chance_of(summary, group)) out += ", chance " + value_text(metric, *chance);
  if (const auto limit = limit_of(summary, group))
    out += (metric.is_share ? ", best there is " : ", floor ") + value_text(metric, *limit);
  return out;
}

/// Of a group in which nothing is compared: what each arm got.
std::string means_text(const Summary& summary, const Group& group) {
  std::vector<std::string> means;
  for (const Cell& cell : summary.cells)
    if (cell.group == group && cell.mean)
      means.push_back(cell.arm.name() + " " + value_text(metric_of(group.task), *cell.mean));
  return means.empty() ? "" : join(means) + "; nothing is compared.";
}

std::string item(const Summary& summary, const Group& group, const std::string& text) {
  return "<li><b>" + escaped(group.name()) + "</b> <span class=\"why\">" + escaped(scale_text(summary, group)) +
         "</span><br>" + escaped(text) + "</li>\n";
}

}  // namespace

std::string findings_html(const PageInput& input) {
  if (!input.claims.empty()) return {};
  const std::vector<Answer> answers = answers_of(input.summary);
  std::vector<std::string> items;
  for (const Group& group : input.summary.groups) {
    const auto answer = std::ranges::find(answers, group, &Answer::group);
    const std::string text = answer == answers.end() ? means_text(input.summary, group) : answer->text;
    if (!text.empty()) items.push_back(item(input.summary, group, text));
  }
  if (items.empty()) return {};
  const auto shown = items.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, items.size()));
  std::string out = "<ul class=\"findings\">\n" + join(std::vector<std::string>(items.begin(), shown), "") + "</ul>\n";
  if (shown != items.end())
    out += "<details><summary>and of " + counted(static_cast<std::size_t>(items.end() - shown), "other row") +
           "</summary>\n<ul class=\"findings\">\n" + join(std::vector<std::string>(shown, items.end()), "") +
           "</ul></details>\n";
  return out;
}

}  // namespace qkvbench::report
