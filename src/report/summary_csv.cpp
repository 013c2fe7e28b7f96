// Rows by the names of their columns, so that each column is named once.
// Text is as records have it; minus is the ASCII hyphen.
#include "qkvbench/report/summary_csv.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/settings.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using run::Record;
using Row = std::map<std::string, std::string>;

std::string exact(const std::optional<double>& x) { return x ? report::exact(*x) : ""; }

std::string csv(const std::vector<std::string>& names, const std::vector<Row>& rows) {
  std::vector<Table::Column> columns;
  for (const std::string& name : names) columns.push_back({name});
  Table table(columns);
  for (const Row& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& name : names) {
      const auto found = row.find(name);
      cells.push_back(found == row.end() ? "" : found->second);
    }
    table.add(cells);
  }
  return table.csv();
}

/// Columns that say what a cell or a difference is of. A setting may be called as one of them: it is then the same.
std::vector<std::string> head_columns(const Summary& summary) {
  std::vector<std::string> names{"task", "data"};
  for (const Group& group : summary.groups)
    for (const auto& [key, value] : group.settings)
      if (std::ranges::find(names, key) == names.end()) names.push_back(key);
  for (const Arm& arm : summary.arms)
    for (const auto& [key, value] : arm.options)
      if (std::ranges::find(names, key) == names.end()) names.push_back(key);
  names.insert(names.end(), {"variant", "kv_heads", "metric"});
  return names;
}

Row head_of(const Group& group, const Arm& arm) {
  Row row{{"task", group.task},
          {"data", group.data},
          {"variant", arm.variant},
          {"kv_heads", arm.kv_heads == 0 ? "" : std::to_string(arm.kv_heads)},
          {"metric", metric_of(group.task).key}};
  for (const auto& [key, value] : group.settings) row[key] = value;
  for (const auto& [key, value] : arm.options) row[key] = value;
  return row;
}

void add_interval(Row& row, const std::optional<Interval>& interval) {
  if (!interval) return;
  row["low"] = report::exact(interval->low);
  row["high"] = report::exact(interval->high);
}

Row run_row(const Record& r) {
  Row row{{"run", r.run},
          {"status", status_name(r.status)},
          {"dataset", data_name(r.config)},
          {"dataset_sha256", r.data},
          {"params_total", std::to_string(r.model.params_total)},
          {"params_attention", std::to_string(r.model.params_attention)},
          {"macs_forward", std::to_string(r.model.macs_forward)},
          {"kv_cache_bytes_per_token", std::to_string(r.model.kv_cache_bytes_per_token)},
          {"build", r.build},
          {"machine", r.machine},
          {"path", r.path.generic_string()}};
  const std::string family = data::find_task(r.config.task.id).form();
  for (const run::Option& option : run::all_options())
    if (option.concerns(family)) row[option.key] = setting_text(r.config, option);
  for (const auto& numbers : {r.metrics, timing_numbers(r.timing)})
    for (const run::Numbers::Number& number : numbers)
      if (number.value) row[number.name] = report::exact(*number.value);
  return row;
}

/// Adds the names of those that exist.
void add_names(const run::Numbers& numbers, std::set<std::string>& names) {
  for (const run::Numbers::Number& number : numbers)
    if (number.value) names.insert(number.name);
}

}  // namespace

std::string cells_csv(const Summary& summary) {
  std::vector<std::string> names = head_columns(summary);
  names.insert(names.end(),
               {"n", "expected", "configurations", "mean", "deviation", "low", "high", "solved", "chance"});
  std::vector<Row> rows;
  for (const Cell& cell : summary.cells) {
    Row row = head_of(cell.group, cell.arm);
    row["n"] = std::to_string(cell.with_value());
    row["expected"] = std::to_string(cell.expected);
    row["configurations"] = std::to_string(cell.configurations);
    row["mean"] = exact(cell.mean);
    row["deviation"] = exact(cell.deviation);
    add_interval(row, cell.interval);
    row["solved"] = exact(cell.solved);
    row["chance"] = exact(chance_of(summary, cell.group));
    rows.push_back(row);
  }
  return csv(names, rows);
}

std::string differences_csv(const Summary& summary) {
  std::vector<std::string> names = head_columns(summary);
  names.insert(names.end(),
               {"baseline", "relative", "n", "expected", "mean", "deviation", "low", "high", "p", "p_holm"});
  std::vector<Row> rows;
  for (const Difference& d : summary.differences) {
    Row row = head_of(d.group, d.arm);
    row["baseline"] = d.baseline.name();
    row["relative"] = d.relative ? "true" : "false";
    row["n"] = std::to_string(d.test.n);
    row["expected"] = std::to_string(d.expected);
    row["mean"] = report::exact(d.test.mean);
    row["deviation"] = exact(d.test.deviation);
    add_interval(row, d.interval);
    row["p"] = exact(d.test.p);
    row["p_holm"] = exact(d.p_holm);
    rows.push_back(row);
  }
  return csv(names, rows);
}

std::string runs_csv(const std::vector<Record>& records) {
  std::vector<Row> rows;
  std::set<std::string> metrics, timing, there;
  for (const Record& record : records) {
    rows.push_back(run_row(record));
    add_names(record.metrics, metrics);
    add_names(timing_numbers(record.timing), timing);
    for (const auto& [key, value] : rows.back()) there.insert(key);
  }
  std::vector<std::string> names{"run", "status", "dataset", "dataset_sha256"};
  for (const run::Option& option : run::all_options())
    if (there.contains(option.key)) names.emplace_back(option.key);
  names.insert(names.end(), {"params_total", "params_attention", "macs_forward", "kv_cache_bytes_per_token"});
  names.insert(names.end(), metrics.begin(), metrics.end());
  names.insert(names.end(), timing.begin(), timing.end());
  names.insert(names.end(), {"build", "machine", "path"});
  return csv(names, rows);
}

}  // namespace qkvbench::report
