// Text from a summary. Numbers for people have three decimals; those of CSV, all they have, are in summary_csv.
// What a table shows of a cell is decided by cell_text() alone.
#include "qkvbench/report/summary_tables.hpp"

#include <algorithm>
#include <map>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/learned.hpp"

namespace qkvbench::report {

namespace {

constexpr int kDecimals = 3;
constexpr std::size_t kMostNotCompared = 8;  // lines; more are counted

std::string of(std::size_t some, std::size_t all) { return std::to_string(some) + " of " + std::to_string(all); }

std::string with_sign(double x, bool as_percent) {
  return as_percent ? signed_text(100 * x, 1) + " %" : signed_text(x, kDecimals);
}

bool is_share(const Group& group) { return metric_of(group.task).is_share; }

std::size_t share_columns(const Panel& panel) {
  return static_cast<std::size_t>(std::ranges::count_if(panel.columns, is_share));
}

std::vector<std::string> keys_of(const Group& group) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : group.settings) keys.push_back(key);
  return keys;
}

std::vector<std::string> values_of(const Group& group) {
  std::vector<std::string> values;
  for (const auto& [key, value] : group.settings) values.push_back(value);
  return values;
}

/// The columns of a panel's tables before those of data sets.
std::vector<Table::Column> heads_of(const Panel& panel) {
  std::vector<Table::Column> heads;
  for (const std::string& key : panel.keys) heads.push_back({key, Align::kRight, true});
  heads.push_back({"variant", Align::kLeft, true});
  return heads;
}

/// The rows of a panel's table: values, arm, and a text for each column; those without any text are left out.
template <class Text>
void add_rows(Table& table, const Summary& summary, const Panel& panel, Text text) {
  for (std::size_t row = 0; row < panel.rows.size(); ++row)
    for (const Arm& arm : summary.arms) {
      std::vector<std::string> cells = panel.rows[row];
      cells.push_back(arm.name());
      const std::size_t first = cells.size();
      for (const std::string& cell : text(row, arm)) cells.push_back(cell);
      const auto shown = std::span(cells).subspan(first);
      if (std::ranges::any_of(shown, [](const std::string& cell) { return !cell.empty() && cell != "–"; }))
        table.add(cells);
    }
}

std::string solved_text(const Cell* cell) {
  if (cell == nullptr) return "";
  const std::size_t n = cell->with_value();
  if (!cell->solved) return "– (" + of(n, cell->expected) + ")";
  const Interval interval = wilson_interval(static_cast<std::int64_t>(cell->solved_runs), static_cast<std::int64_t>(n));
  return of(cell->solved_runs, n) + ", " + fixed(*cell->solved, 2) + " " + interval_text(interval, 2) +
         (cell->missing() > 0 ? " (" + of(n, cell->expected) + ")" : "");
}

/// Which way is better.
std::string arrow(const Metric& metric) { return metric.higher_is_better ? " ↑" : " ↓"; }

/// What guessing gets, below all: one row, or one for each block of rows where it differs between them.
void add_chance(Table& table, const Summary& summary, const Panel& panel) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t row = 0; row < panel.rows.size(); ++row) {
    rows.emplace_back();
    for (std::size_t column = 0; column < panel.columns.size(); ++column) {
      const auto chance = chance_of(summary, panel.at(row, column));
      rows.back().push_back(chance ? fixed(*chance, kDecimals) : "");
    }
  }
  const bool alike = std::ranges::all_of(rows, [&](const auto& row) { return row == rows[0]; });
  for (std::size_t row = 0; row < (alike ? 1 : rows.size()); ++row) {
    if (std::ranges::all_of(rows[row], [](const std::string& cell) { return cell.empty(); })) continue;
    std::vector<std::string> cells = alike ? std::vector<std::string>(panel.keys.size()) : panel.rows[row];
    cells.emplace_back("(chance)");
    cells.insert(cells.end(), rows[row].begin(), rows[row].end());
    table.add(cells);
  }
}

/// Whether any run of a panel is solved: a table of noughts says nothing.
bool any_solved(const Summary& summary, const Panel& panel) {
  return std::ranges::any_of(summary.cells, [&](const Cell& cell) {
    const Group column{cell.group.task, cell.group.data};
    return cell.solved_runs > 0 && keys_of(cell.group) == panel.keys &&
           std::ranges::find(panel.columns, column) != panel.columns.end();
  });
}

/// What an average column averages, and what it leaves out.
std::string average_text(const Panel& panel) {
  std::vector<std::string> in, out;
  for (const Group& column : panel.columns)
    if (is_share(column))
      in.push_back(column.data);
    else
      out.push_back(column.data + " (" + metric_of(column.task).heading + ")");
  return "Average: of the mean accuracies of " + join(in) + ", all alike" +
         (out.empty() ? "" : "; without " + join(out)) + ".";
}

/// What the numbers are: one line each.
std::vector<std::string> legend(const Summary& summary, const std::vector<Panel>& panels) {
  std::vector<std::string> lines = summary.remarks;
  lines.emplace_back(
      "Mean [95 % interval]: of the mean over configurations, over seeds where there is one; see docs/statistics.md.");
  if (std::ranges::any_of(summary.cells, [](const Cell& cell) { return cell.solved_runs > 0; }))
    lines.emplace_back("Solved: accuracy of at least 0.99.");
  else if (std::ranges::any_of(summary.groups, is_share))
    lines.emplace_back("No run is solved: none has an accuracy of at least 0.99.");
  for (const Panel& panel : panels)
    if (share_columns(panel) > 1) lines.push_back(average_text(panel));
  if (std::ranges::any_of(summary.cells, [](const Cell& cell) { return cell.missing() > 0; }))
    lines.emplace_back(summary.averages_incomplete
                           ? "(n of m): an average over n runs, though there should be m."
                           : "– (n of m): n of m runs are there, and an average over fewer is refused.");
  if (summary.builds.size() > 1)
    lines.push_back("Runs of " + std::to_string(summary.builds.size()) + " builds are averaged together.");
  for (std::size_t i = 0; i < std::min(summary.not_compared.size(), kMostNotCompared); ++i)
    lines.push_back("Not compared: " + not_compared_text(summary.not_compared[i]));
  if (summary.not_compared.size() > kMostNotCompared)
    lines.push_back("Not compared: " + std::to_string(summary.not_compared.size() - kMostNotCompared) +
                    " more such variants; --json names every run.");
  return lines;
}

/// "accuracy (higher is better) and perplexity (lower is better)"
std::string metrics_text(const Panel& panel) {
  std::string text;
  for (const Group& column : panel.columns) {
    const Metric& metric = metric_of(column.task);
    const std::string name =
        std::string(metric.heading) + (metric.higher_is_better ? " (↑ higher is better)" : " (↓ lower is better)");
    if (text.find(name) == std::string::npos) text += (text.empty() ? "" : " and ") + name;
  }
  return text;
}

}  // namespace

Group Panel::at(std::size_t row, std::size_t column) const {
  Group group = columns[column];
  for (std::size_t i = 0; i < keys.size(); ++i) group.settings.emplace_back(keys[i], rows[row][i]);
  return group;
}

std::vector<Panel> panels_of(const Summary& summary) {
  std::vector<Panel> panels;
  for (const Group& group : summary.groups) {
    auto panel = std::ranges::find(panels, keys_of(group), &Panel::keys);
    if (panel == panels.end()) panel = panels.insert(panels.end(), {keys_of(group), {}, {}});
    const Group column{group.task, group.data};
    if (std::ranges::find(panel->columns, column) == panel->columns.end()) panel->columns.push_back(column);
    if (std::ranges::find(panel->rows, values_of(group)) == panel->rows.end()) panel->rows.push_back(values_of(group));
  }
  return panels;
}

std::optional<double> task_average(const Summary& summary, const Panel& panel, std::size_t row, const Arm& arm) {
  std::vector<double> means;
  for (std::size_t column = 0; column < panel.columns.size(); ++column) {
    if (!is_share(panel.columns[column])) continue;
    const Cell* cell = summary.cell(panel.at(row, column), arm);
    if (cell == nullptr || !cell->mean) return std::nullopt;
    means.push_back(*cell->mean);
  }
  return means.size() < 2 ? std::nullopt : std::optional(mean(means));
}

std::string directed(const Metric& metric) { return metric.heading + arrow(metric); }

std::string cell_text(const Cell* cell) {
  if (cell == nullptr) return "";
  std::string text = cell->mean ? fixed(*cell->mean, kDecimals) : "–";
  if (cell->interval) text += " " + interval_text(*cell->interval, kDecimals);
  if (cell->missing() > 0) text += " (" + of(cell->with_value(), cell->expected) + ")";
  return text;
}

std::string difference_text(const Difference& d) {
  std::string text = with_sign(d.test.mean, d.relative);
  if (d.interval)
    text += " [" + with_sign(d.interval->low, d.relative) + ", " + with_sign(d.interval->high, d.relative) + "]";
  return text;
}

Table main_table(const Summary& summary, const Panel& panel) {
  std::vector<Table::Column> heads = heads_of(panel);
  for (const Group& column : panel.columns)
    heads.push_back({column.data + arrow(metric_of(column.task)), Align::kRight});
  const bool averages = share_columns(panel) > 1;
  if (averages) heads.push_back({"average of " + std::to_string(share_columns(panel)), Align::kRight});
  Table table(heads);
  const std::size_t first = panel.keys.size() + 1;
  std::map<std::pair<std::size_t, std::size_t>, RowValues> values;  // by block of rows and column
  add_rows(table, summary, panel, [&](std::size_t row, const Arm& arm) {
    std::vector<std::string> cells;
    for (std::size_t column = 0; column < panel.columns.size(); ++column) {
      const Cell* cell = summary.cell(panel.at(row, column), arm);
      cells.push_back(cell_text(cell));
      if (cell != nullptr && cell->mean) values[{row, column}].emplace_back(table.rows(), *cell->mean);
    }
    const auto average = task_average(summary, panel, row, arm);
    if (averages) cells.push_back(average ? fixed(*average, kDecimals) : "–");
    if (averages && average) values[{row, panel.columns.size()}].emplace_back(table.rows(), *average);
    return cells;
  });
  for (const auto& [place, of_column] : values) {
    const std::size_t column = place.second;
    const bool higher = column == panel.columns.size() || metric_of(panel.columns[column].task).higher_is_better;
    table.mark_best(first + column, of_column, higher, kDecimals);
  }
  add_chance(table, summary, panel);
  return table;
}

Table solved_table(const Summary& summary, const Panel& panel) {
  std::vector<Table::Column> heads = heads_of(panel);
  for (const Group& column : panel.columns)
    if (is_share(column)) heads.push_back({column.data, Align::kRight});
  Table table(heads);
  add_rows(table, summary, panel, [&](std::size_t row, const Arm& arm) {
    std::vector<std::string> cells;
    for (std::size_t column = 0; column < panel.columns.size(); ++column)
      if (is_share(panel.columns[column])) cells.push_back(solved_text(summary.cell(panel.at(row, column), arm)));
    return cells;
  });
  return table;
}

Table differences_table(const Summary& summary) {
  Table table({{"data"},
               {"variant", Align::kLeft, true},
               {"pairs", Align::kRight},
               {"difference", Align::kRight},
               {"p", Align::kRight},
               {"p, Holm", Align::kRight}});
  const auto p_text = [](const std::optional<double>& p) {
    return !p ? std::string("–") : *p < 0.001 ? std::string("< 0.001") : fixed(*p, 3);
  };
  for (const Difference& d : summary.differences)
    table.add({d.group.name(), d.arm.name(),
               d.test.n == d.expected ? std::to_string(d.test.n) : of(d.test.n, d.expected), difference_text(d),
               p_text(d.test.p), p_text(d.p_holm)});
  return table;
}

std::string tables_document(const Summary& summary, const Rendering& style) {
  const std::vector<Panel> panels = panels_of(summary);
  std::string out;
  const auto add = [&](const std::string& title, const Table& table) {
    out += (out.empty() ? "" : "\n") + heading(title, style) + table.render(style);
  };
  for (const Panel& panel : panels)
    add("Mean " + metrics_text(panel) + (panel.keys.empty() ? "" : ", by " + join(panel.keys)),
        main_table(summary, panel));
  for (const Panel& panel : panels)
    if (any_solved(summary, panel)) add("Runs solved", solved_table(summary, panel));
  if (!summary.differences.empty())
    add("Difference from " + summary.differences[0].baseline.name() + ", same seeds and configurations",
        differences_table(summary));
  out += "\n";
  for (const std::string& line : legend(summary, panels))
    out += style.format == Format::kMarkdown ? line + "  \n" : prose(line + "\n", style);
  return out;
}

}  // namespace qkvbench::report
