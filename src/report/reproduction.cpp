// Records through summary, agreement, rows and verdicts, with the options that a table of the paper asks for.
// Nothing is printed here.
#include "qkvbench/report/reproduction.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

using study::PaperTable;
using study::Plan;

namespace {

/// A time that --budget takes, rounded up: "90s", "12m", "2.5h".
std::string budget_text(double seconds) {
  if (seconds <= 90) return fixed(10 * std::ceil(seconds / 10), 0) + "s";
  if (seconds <= 5400) return fixed(std::ceil(seconds / 60), 0) + "m";
  return fixed(std::ceil(seconds / 360) / 10, 1) + "h";
}

}  // namespace

Reproduction reproduction_of(const PaperTable& recipe, const Plan& plan, const std::vector<run::Record>& records,
                             bool allow_missing, bool mix_builds) {
  SummaryOptions options;
  options.allow_missing = allow_missing;
  options.mix_builds = mix_builds;
  options.planned = plan.runs;
  options.telling.matched = recipe.matched;  // sizes are averaged, as the paper's tables do, but for one key
  if (!recipe.by.empty()) options.telling.keys = {recipe.by};
  Reproduction out;
  out.summary = summarize(records, options);
  out.agreement = agreement_of(out.summary);
  if (recipe.shown != PaperTable::Shown::kMetrics) return out;
  out.rows = paper_rows(recipe, out.summary, out.agreement, plan.level);
  out.claims = judge(recipe, out.summary, plan.level);
  return out;
}

std::vector<std::string> remarks_of(const PaperTable& recipe, const Plan& plan) {
  std::vector<std::string> lines;
  lines.push_back(plan.shrunk.empty() ? "the whole grid: " + std::to_string(plan.runs.size()) + " runs"
                                      : "a part of the grid, " + plan.level + ": " + std::to_string(plan.runs.size()) +
                                            " runs; " + join(plan.shrunk, "; "));
  for (const std::string& missing : plan.unavailable) lines.push_back("not run: " + missing);
  if (!plan.news.empty()) lines.push_back(plan.news);
  if (!recipe.remark.empty()) lines.push_back(recipe.remark);
  return lines;
}

std::vector<std::string> lines_below(const PaperTable& recipe, const Plan& plan, const Reproduction& reproduction) {
  std::vector<std::string> lines;
  const bool shares = std::ranges::any_of(reproduction.summary.cells, [](const Cell& cell) {
    return metric_of(cell.task).is_share && cell.with_value() > 0;
  });
  if (shares && !recipe.single_size && recipe.shown == PaperTable::Shown::kMetrics)
    lines.push_back(agreement_text(reproduction.agreement));
  if (reproduction.summary.averages_incomplete) lines.emplace_back("Averages leave out runs that are missing.");
  if (!plan.next_level.empty())
    lines.push_back("next larger part " + plan.next_level + ": --budget " + budget_text(plan.next_s));
  return lines;
}

}  // namespace qkvbench::report
