// Rows and columns of the paper's tables.
// Tables of accuracies and of perplexities differ in their columns, not in their code.
#include "qkvbench/report/paper_table.hpp"

#include <algorithm>

#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

using experiment::Recipe;

namespace {

std::string shown(const std::optional<double>& x, int decimals) { return x ? fixed(*x, decimals) : "–"; }

}  // namespace

std::vector<PaperRow> paper_rows(const Recipe& recipe, const Summary& summary) {
  const Arm baseline{"q_k_v", 0};
  std::vector<PaperRow> rows;
  for (const Cell& cell : summary.cells) {
    PaperRow row{cell.task,     cell.arm.name(), cell.mean,         {},           {},
                 cell.interval, cell.solved,     cell.with_value(), cell.expected};
    for (const experiment::PaperCell& paper : recipe.cells)
      if (paper.task == cell.task && paper.arm == cell.arm) row.paper = paper.paper, row.rerun = paper.rerun;
    if (!metric_of(cell.task).is_share) {
      const Difference* difference = summary.difference(cell.task, cell.arm);
      const bool complete = cell.mean && difference != nullptr;
      row.here = complete ? std::optional(100 * difference->test.mean) : std::nullopt;
      row.interval.reset();
      if (complete && difference->interval)
        row.interval = {100 * difference->interval->low, 100 * difference->interval->high};
      const auto effect = paper_effect(recipe, cell.task, cell.arm, baseline, false);
      row.paper = effect ? std::optional(100 * *effect) : std::nullopt;
      row.rerun.reset();
    }
    rows.push_back(row);
  }
  return rows;
}

Table paper_table(const Recipe& recipe, const Summary& summary) {
  const bool shares = metric_of(summary.tasks.front()).is_share;
  const int decimals = shares ? 3 : 1;
  std::vector<Table::Column> columns{{"task"}, {"variant"}};
  for (const char* title : {shares ? "here" : "here, %", "95 % interval"}) columns.push_back({title, Align::kRight});
  if (shares) columns.push_back({"solved", Align::kRight});
  for (const char* title : {"runs", shares ? "paper" : "paper, %"}) columns.push_back({title, Align::kRight});
  if (shares) columns.push_back({"re-run", Align::kRight});
  columns.push_back({"here − paper", Align::kRight});
  Table table(columns);
  for (const PaperRow& row : paper_rows(recipe, summary)) {
    const std::string runs =
        std::to_string(row.runs) + (row.runs < row.expected ? " of " + std::to_string(row.expected) : "");
    const std::string difference = row.here && row.paper ? signed_text(*row.here - *row.paper, decimals) : "–";
    std::vector<std::string> cells{
        row.task, row.arm, shown(row.here, decimals),
        row.interval ? fixed(row.interval->low, decimals) + " … " + fixed(row.interval->high, decimals) : "–"};
    if (shares) cells.push_back(row.solved ? fixed(100 * *row.solved, 0) + " %" : "–");
    cells.push_back(runs);
    cells.push_back(shown(row.paper, decimals));
    if (shares) cells.push_back(shown(row.rerun, decimals));
    cells.push_back(difference);
    table.add(cells);
  }
  return table;
}

Table claims_table(const std::vector<ClaimResult>& claims) {
  const bool tested = std::ranges::any_of(claims, [](const ClaimResult& claim) { return claim.threshold.has_value(); });
  std::vector<Table::Column> columns{{"id"}, {"claim"}};
  if (tested) columns.push_back({"threshold", Align::kRight});
  columns.push_back({tested ? "here, interval" : "here", Align::kRight});
  if (tested) columns.push_back({"p, adjusted", Align::kRight});
  columns.push_back({"paper", Align::kRight});
  columns.push_back({"re-run", Align::kRight});
  columns.push_back({"verdict"});
  Table table(columns);
  for (const ClaimResult& claim : claims) {
    std::vector<std::string> row{claim.id, claim.claim};
    if (tested) row.push_back(threshold_text(claim));
    row.push_back(effect_text(claim));
    if (tested) row.push_back(shown(claim.p_adjusted, 3));
    row.push_back(value_text(claim, claim.paper));
    row.push_back(value_text(claim, claim.rerun));
    row.push_back(verdict_name(claim.verdict));
    table.add(row);
  }
  return table;
}

}  // namespace qkvbench::report
