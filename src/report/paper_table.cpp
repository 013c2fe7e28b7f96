// Rows and columns of the paper's tables.
// Tables of accuracies and of perplexities differ in their columns, not in their code.
#include "qkvbench/report/paper_table.hpp"

#include <algorithm>

#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

using study::PaperTable;

namespace {

/// A column of the table, and what it says of a row.
struct PaperColumn {
  Table::Column column;
  std::string (*text)(const PaperRow& row);
};

bool is_share(const PaperRow& row) { return metric_of(row.task).is_share; }

std::string number(const PaperRow& row, const std::optional<double>& x) {
  return !x ? "–" : is_share(row) ? fixed(*x, 3) : signed_text(*x, 1);
}

std::string interval_of(const PaperRow& row) {
  return row.interval ? number(row, row.interval->low) + " … " + number(row, row.interval->high) : "–";
}

std::string runs_of(const PaperRow& row) {
  return std::to_string(row.runs) + (row.runs < row.expected ? " of " + std::to_string(row.expected) : "");
}

std::string agree_of(const PaperRow& row) {
  if (!row.shared) return "–";
  return std::to_string(row.shared->agree) + " of " + std::to_string(row.shared->compared);
}

std::vector<PaperColumn> columns_of(const std::vector<PaperRow>& rows) {
  const auto any = [&](auto&& has) { return std::ranges::any_of(rows, has); };
  const bool shares = any(is_share), paper = any([](const PaperRow&row) { return row.paper.has_value(); });
  const bool lists =
      any([](const PaperRow& row) { return row.solved && data::find_task(row.task).traits().all_or_nothing; });
  std::vector<PaperColumn> columns{{{"task"}, [](const PaperRow& row) { return row.task; }}};
  if (!rows.empty() && !rows.front().settings.empty())
    columns.push_back({{rows.front().settings.front().first, Align::kRight},
                       [](const PaperRow& row) { return row.settings.front().second; }});
  columns.insert(columns.end(), {{{"variant"}, [](const PaperRow& row) { return row.arm; }},
                                 {{shares ? "here" : "here, %", Align::kRight},
                                  [](const PaperRow& row) { return number(row, row.here); }},
                                 {{"95 % interval", Align::kRight}, interval_of}});
  if (lists)
    columns.push_back({{"solved", Align::kRight}, [](const PaperRow& row) {
                         return row.solved ? fixed(100 * *row.solved, 0) + " %" : std::string("–");
                       }});
  columns.push_back({{"runs", Align::kRight}, runs_of});
  if (paper)
    columns.push_back(
        {{shares ? "paper" : "paper, %", Align::kRight}, [](const PaperRow& row) { return number(row, row.paper); }});
  if (!shares) return columns;
  if (any([](const PaperRow& row) { return row.shared.has_value(); })) {
    columns.push_back({{"re-run", Align::kRight}, [](const PaperRow& row) {
                         return row.shared ? fixed(row.shared->rerun, 3) : std::string("–");
                       }});
    if (!paper)  // both would not fit a terminal
      columns.push_back({{"− re-run", Align::kRight}, [](const PaperRow& row) {
                           return row.shared ? signed_text(row.shared->here - row.shared->rerun, 3) : std::string("–");
                         }});
    columns.push_back({{"agree", Align::kRight}, agree_of});
  }
  return columns;
}

}  // namespace

namespace {

/// Differences of perplexity from q_k_v, and the paper's, in per cent.
void set_relative(const PaperTable& recipe, const Summary& summary, const Cell& cell, PaperRow& row) {
  const Difference* difference = summary.difference(cell.group, cell.arm);
  const bool complete = cell.mean && difference != nullptr;
  row.here = complete ? std::optional(100 * difference->test.mean) : std::nullopt;
  row.interval.reset();
  if (complete && difference->interval)
    row.interval = {100 * difference->interval->low, 100 * difference->interval->high};
  const std::string at = cell.group.value(recipe.by);
  if (const auto effect = paper_effect(recipe, {cell.task}, {cell.arm, at}, {{"q_k_v", 0}, at}))
    row.paper = 100 * *effect;
}

/// What the paper has at values of the recipe's key that were not run here, of perplexities: they stand at any size.
void add_paper_only(const PaperTable& recipe, std::vector<PaperRow>& rows) {
  if (recipe.by.empty()) return;
  for (const study::PaperCell& cell : recipe.cells) {
    const std::vector<std::pair<std::string, std::string>> settings{{recipe.by, cell.at}};
    const bool there = std::ranges::any_of(rows, [&](const PaperRow& row) { return row.settings == settings; });
    const auto effect = paper_effect(recipe, {cell.task}, {cell.arm, cell.at}, {{"q_k_v", 0}, cell.at});
    if (metric_of(cell.task).is_share || there || cell.arm == Arm{"q_k_v"} || !effect) continue;
    rows.push_back({cell.task, cell.arm.name(), {}, 100 * *effect, {}, {}, 0, 0, 0, {}, settings});
  }
}

}  // namespace

std::vector<PaperRow> paper_rows(const PaperTable& recipe, const Summary& summary, const Agreement& agreement,
                                 const std::string& grid) {
  std::vector<PaperRow> rows;
  for (const Cell& cell : summary.cells) {
    PaperRow row{cell.task,         cell.arm.name(), cell.mean,           {}, cell.interval,      cell.solved,
                 cell.with_value(), cell.expected,   cell.configurations, {}, cell.group.settings};
    if (const SharedCell* shared = agreement.cell(cell.task, cell.arm);
        shared != nullptr && cell.mean && recipe.by.empty())
      row.shared = *shared;
    if (!metric_of(cell.task).is_share)
      set_relative(recipe, summary, cell, row);
    else if (shows_paper(recipe, grid))
      row.paper = paper_number(recipe, cell.task, {cell.arm, cell.group.value(recipe.by)});
    rows.push_back(row);
  }
  add_paper_only(recipe, rows);
  return rows;
}

Table paper_table(const std::vector<PaperRow>& rows) {
  const std::vector<PaperColumn> columns = columns_of(rows);
  std::vector<Table::Column> titles;
  for (const PaperColumn& column : columns) titles.push_back(column.column);
  Table table(titles);
  for (const PaperRow& row : rows) {
    std::vector<std::string> cells;
    for (const PaperColumn& column : columns) cells.push_back(column.text(row));
    table.add(cells);
  }
  return table;
}

static Mark mark_of(Verdict verdict) {
  if (verdict == Verdict::kHolds) return Mark::kGood;
  return verdict == Verdict::kRefuted ? Mark::kBad : Mark::kFaint;
}

Table claims_table(const std::vector<ClaimResult>& claims) {
  const auto any = [&](std::optional<double> ClaimResult::*number) {
    return std::ranges::any_of(claims, [&](const ClaimResult& claim) { return (claim.*number).has_value(); });
  };
  const bool tested = any(&ClaimResult::threshold), paper = any(&ClaimResult::paper), rerun = any(&ClaimResult::rerun);
  std::vector<Table::Column> columns{{"claim"}};
  if (tested) columns.push_back({"threshold", Align::kRight});
  columns.push_back({tested ? "here, interval" : "here", Align::kRight});
  if (rerun) columns.push_back({"re-run", Align::kRight});
  if (paper) columns.push_back({"paper", Align::kRight});
  columns.push_back({"verdict"});
  Table table(columns);
  for (const ClaimResult& claim : claims) {
    std::vector<std::string> row{claim.id};
    if (tested) row.push_back(threshold_text(claim));  // with the unit of the row
    row.push_back(number_text(claim, claim.effect) + (claim.interval ? " " + claim_interval_text(claim) : ""));
    if (rerun) row.push_back(number_text(claim, claim.rerun));
    if (paper) row.push_back(number_text(claim, claim.paper));
    row.push_back(claim.verdict == Verdict::kNotTested ? "not tested" : verdict_name(claim.verdict));
    table.add(row);
    table.mark(row.size() - 1, mark_of(claim.verdict));
  }
  return table;
}

std::string paper_csv(const std::vector<PaperRow>& rows, const std::vector<ClaimResult>& claims) {
  Table table({{"kind"},
               {"task"},
               {"variant"},
               {"claim"},
               {"unit"},
               {"here"},
               {"low"},
               {"high"},
               {"runs"},
               {"expected"},
               {"configurations"},
               {"solved"},
               {"shared_configurations"},
               {"shared_here"},
               {"shared_rerun"},
               {"compared"},
               {"agree"},
               {"paper"},
               {"rerun"},
               {"threshold"},
               {"p_adjusted"},
               {"verdict"},
               {"setting"}});
  constexpr std::size_t columns = 23;
  const auto text = [](const std::optional<double>& x) { return x ? exact(*x) : std::string(); };
  for (const PaperRow& row : rows) {
    std::vector<std::string> cells{"cell", row.task, row.arm, "", is_share(row) ? "fraction" : "%", text(row.here)};
    cells.push_back(row.interval ? exact(row.interval->low) : "");
    cells.push_back(row.interval ? exact(row.interval->high) : "");
    for (const std::size_t n : {row.runs, row.expected, row.configurations}) cells.push_back(std::to_string(n));
    cells.push_back(text(row.solved));
    if (row.shared)
      cells.insert(cells.end(),
                   {std::to_string(row.shared->configurations), exact(row.shared->here), exact(row.shared->rerun),
                    std::to_string(row.shared->compared), std::to_string(row.shared->agree)});
    else
      cells.resize(cells.size() + 5);
    cells.push_back(text(row.paper));
    cells.resize(columns - 1);
    cells.push_back(row.settings.empty() ? "" : row.settings[0].first + " " + row.settings[0].second);
    table.add(cells);
  }
  for (const ClaimResult& claim : claims) {
    std::vector<std::string> cells{"claim", "", "", claim.id, claim.unit, text(claim.effect)};
    cells.push_back(claim.interval ? exact(claim.interval->low) : "");
    cells.push_back(claim.interval ? exact(claim.interval->high) : "");
    cells.resize(17);
    cells.insert(cells.end(), {text(claim.paper), text(claim.rerun), text(claim.threshold), text(claim.p_adjusted),
                               verdict_name(claim.verdict)});
    table.add(cells);
  }
  return table.csv();
}

}  // namespace qkvbench::report
