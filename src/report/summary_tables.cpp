// Text from a summary. Numbers for people have three decimals, those of CSV all they have.
// What a table shows of a cell is decided by cell_text() alone.
#include "qkvbench/report/summary_tables.hpp"

#include <algorithm>

namespace qkvbench::report {

namespace {

constexpr int kDecimals = 3;

std::string of(std::size_t some, std::size_t all) { return std::to_string(some) + " of " + std::to_string(all); }

std::string with_sign(double x, bool as_percent) {
  const std::string text = as_percent ? fixed(100 * x, 1) + " %" : fixed(x, kDecimals);
  return text.starts_with('-') ? text : "+" + text;
}

std::string exact(const std::optional<double>& x) { return x ? report::exact(*x) : ""; }

bool is_share(const std::string& task) { return metric_of(task).is_share; }

std::vector<std::string> share_tasks(const Summary& summary) {
  std::vector<std::string> tasks;
  std::ranges::copy_if(summary.tasks, std::back_inserter(tasks), is_share);
  return tasks;
}

std::vector<Table::Column> arm_and(const std::vector<std::string>& tasks) {
  std::vector<Table::Column> columns{{"variant"}};
  for (const std::string& task : tasks) columns.push_back({task, Align::kRight});
  return columns;
}

std::string solved_text(const Cell* cell) {
  if (cell == nullptr) return "";
  const std::size_t n = cell->with_value();
  const std::string counts = of(cell->solved_runs, n);
  if (!cell->solved) return "– (" + of(n, cell->expected) + ")";
  const Interval interval = wilson_interval(static_cast<std::int64_t>(cell->solved_runs), static_cast<std::int64_t>(n));
  return counts + ", " + fixed(*cell->solved, 2) + " " + interval_text(interval, 2) +
         (cell->missing() > 0 ? " (" + of(n, cell->expected) + ")" : "");
}

/// What the numbers are: one line each.
std::vector<std::string> legend(const Summary& summary) {
  std::vector<std::string> lines{
      "Mean [95 % interval]: of the mean over configurations, over seeds where there is one; see docs/statistics.md."};
  if (!share_tasks(summary).empty()) lines.push_back("Solved: accuracy of at least 0.99.");
  if (std::ranges::any_of(summary.cells, [](const Cell& cell) { return cell.missing() > 0; }))
    lines.push_back(summary.averages_incomplete
                        ? "(n of m): an average over n runs, though there should be m."
                        : "– (n of m): n of m runs are there, and an average over fewer is refused.");
  if (summary.builds.size() > 1)
    lines.push_back("Runs of " + std::to_string(summary.builds.size()) + " builds are averaged together.");
  return lines;
}

std::string heading(const std::string& text, Format format) {
  if (format == Format::kLatex) return "% " + text + "\n\n";
  return (format == Format::kMarkdown ? "**" + text + "**" : text) + "\n\n";
}

const std::vector<Table::Column> kCsvColumns{{"row"},
                                             {"task"},
                                             {"variant"},
                                             {"kv_heads"},
                                             {"metric"},
                                             {"run"},
                                             {"seed"},
                                             {"status"},
                                             {"value"},
                                             {"n"},
                                             {"expected"},
                                             {"mean"},
                                             {"deviation"},
                                             {"low"},
                                             {"high"},
                                             {"solved"},
                                             {"baseline"},
                                             {"relative"},
                                             {"p"},
                                             {"p_holm"},
                                             {"params_total"},
                                             {"wall_s"},
                                             {"kv_cache_bytes_per_token"},
                                             {"build"},
                                             {"config"}};

/// A row of the CSV by the names of its columns.
std::vector<std::string> csv_row(const std::map<std::string, std::string>& cells) {
  std::vector<std::string> row;
  for (const Table::Column& column : kCsvColumns) {
    const auto found = cells.find(column.title);
    row.push_back(found == cells.end() ? "" : found->second);
  }
  return row;
}

std::map<std::string, std::string> csv_head(const char* row, const std::string& task, const Arm& arm) {
  return {{"row", row},
          {"task", task},
          {"variant", arm.variant},
          {"kv_heads", arm.kv_heads == 0 ? "" : std::to_string(arm.kv_heads)},
          {"metric", metric_of(task).key}};
}

void add_interval(std::map<std::string, std::string>& cells, const std::optional<Interval>& interval) {
  if (!interval) return;
  cells["low"] = exact(interval->low);
  cells["high"] = exact(interval->high);
}

std::vector<std::string> run_row(const Cell& cell, const Sample& sample) {
  const experiment::Record& r = *sample.record;
  auto cells = csv_head("run", cell.task, cell.arm);
  cells["run"] = r.run;
  cells["seed"] = std::to_string(sample.seed);
  cells["status"] = status_name(r.status);
  cells["value"] = exact(sample.value);
  cells["params_total"] = std::to_string(r.params_total);
  cells["kv_cache_bytes_per_token"] = std::to_string(r.kv_cache_bytes_per_token);
  cells["wall_s"] = exact(r.wall_s);
  cells["build"] = r.build;
  cells["config"] = sample.configuration;
  return csv_row(cells);
}

std::vector<std::string> cell_row(const Cell& cell) {
  auto cells = csv_head("cell", cell.task, cell.arm);
  cells["n"] = std::to_string(cell.with_value());
  cells["expected"] = std::to_string(cell.expected);
  cells["mean"] = exact(cell.mean);
  cells["deviation"] = exact(cell.deviation);
  add_interval(cells, cell.interval);
  cells["solved"] = exact(cell.solved);
  return csv_row(cells);
}

std::vector<std::string> difference_row(const Difference& d) {
  auto cells = csv_head("difference", d.task, d.arm);
  cells["baseline"] = d.baseline.name();
  cells["relative"] = d.relative ? "true" : "false";
  cells["n"] = std::to_string(d.test.n);
  cells["expected"] = std::to_string(d.expected);
  cells["mean"] = exact(d.test.mean);
  cells["deviation"] = exact(d.test.deviation);
  add_interval(cells, d.interval);
  cells["p"] = exact(d.test.p);
  cells["p_holm"] = exact(d.p_holm);
  return csv_row(cells);
}

}  // namespace

std::optional<double> task_average(const Summary& summary, const Arm& arm) {
  std::vector<double> means;
  for (const std::string& task : share_tasks(summary)) {
    const Cell* cell = summary.cell(task, arm);
    if (cell == nullptr || !cell->mean) return std::nullopt;
    means.push_back(*cell->mean);
  }
  return means.size() < 2 ? std::nullopt : std::optional(mean(means));
}

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

Table main_table(const Summary& summary) {
  std::vector<Table::Column> columns = arm_and(summary.tasks);
  const bool averages = share_tasks(summary).size() > 1;
  if (averages) columns.push_back({"average", Align::kRight});
  Table table(columns);
  for (const Arm& arm : summary.arms) {
    std::vector<std::string> row{arm.name()};
    for (const std::string& task : summary.tasks) row.push_back(cell_text(summary.cell(task, arm)));
    const auto average = task_average(summary, arm);
    if (averages) row.push_back(average ? fixed(*average, kDecimals) : "–");
    table.add(row);
  }
  return table;
}

Table solved_table(const Summary& summary) {
  const std::vector<std::string> tasks = share_tasks(summary);
  Table table(arm_and(tasks));
  for (const Arm& arm : summary.arms) {
    std::vector<std::string> row{arm.name()};
    for (const std::string& task : tasks) row.push_back(solved_text(summary.cell(task, arm)));
    if (std::ranges::any_of(row.begin() + 1, row.end(), [](const std::string& text) { return !text.empty(); }))
      table.add(row);
  }
  return table;
}

Table differences_table(const Summary& summary) {
  Table table({{"task"},
               {"variant"},
               {"pairs", Align::kRight},
               {"difference", Align::kRight},
               {"p", Align::kRight},
               {"p, Holm", Align::kRight}});
  const auto p_text = [](const std::optional<double>& p) {
    return !p ? "–" : *p < 0.001 ? scientific(*p, 1) : fixed(*p, 3);
  };
  for (const Difference& d : summary.differences)
    table.add({d.task, d.arm.name(), d.test.n == d.expected ? std::to_string(d.test.n) : of(d.test.n, d.expected),
               difference_text(d), p_text(d.test.p), p_text(d.p_holm)});
  return table;
}

std::string tables_document(const Summary& summary, Format format) {
  std::string metrics;
  for (const std::string& task : summary.tasks) {
    const std::string name = metric_of(task).heading;
    if (metrics.find(name) == std::string::npos) metrics += (metrics.empty() ? "" : " and ") + name;
  }
  std::string out;
  const auto add = [&](const std::string& title, const Table& table) {
    out += (out.empty() ? "" : "\n") + heading(title, format) + table.render(format);
  };
  add("Mean " + metrics, main_table(summary));
  if (!share_tasks(summary).empty()) add("Runs solved", solved_table(summary));
  if (!summary.differences.empty())
    add("Difference from " + summary.differences[0].baseline.name() + ", same seeds and configurations",
        differences_table(summary));
  out += "\n";
  for (const std::string& line : legend(summary))
    out += (format == Format::kLatex ? "% " : "") + line + (format == Format::kMarkdown ? "  \n" : "\n");
  return out;
}

std::string summary_csv(const Summary& summary) {
  Table table(kCsvColumns);
  for (const Cell& cell : summary.cells)
    for (const Sample& sample : cell.samples) table.add(run_row(cell, sample));
  for (const Cell& cell : summary.cells) table.add(cell_row(cell));
  for (const Difference& d : summary.differences) table.add(difference_row(d));
  return table.csv();
}

}  // namespace qkvbench::report
