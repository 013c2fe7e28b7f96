// What was run: axes, fixed settings, what was left out, commands, and the list of all runs.
// Settings are read through the table of options, so a new key shows up by itself.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/settings.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using run::Record;

std::string details(const std::string& summary, const std::string& content) {
  return "<details><summary>" + escaped(summary) + "</summary>\n" + content + "</details>\n";
}

/// The first dozen, and how many more.
std::string listed(const std::vector<std::string>& values) {
  constexpr std::size_t kShown = 12;
  std::vector<std::string> shown(values.begin(),
                                 values.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, values.size())));
  std::string out = join(shown);
  if (values.size() > kShown) out += " and " + std::to_string(values.size() - kShown) + " more";
  return out;
}

/// A row for each key that has a value in some task; `varying`: those with several values, else the others.
std::string settings_table(const PageInput& input, bool varying) {
  std::vector<std::map<std::string, std::vector<std::string>>> columns;
  for (const std::string& task : input.summary.tasks) columns.push_back(values_of(input.records.records, task));
  std::string head = "<tr><th>setting</th>", rows;
  for (const std::string& task : input.summary.tasks) head += "<th>" + escaped(task) + "</th>";
  for (const run::Option& option : run::all_options()) {
    const bool varies = std::ranges::any_of(columns, [&](const auto& column) {
      const auto found = column.find(option.key);
      return found != column.end() && found->second.size() > 1;
    });
    const bool present = std::ranges::any_of(columns, [&](const auto& column) { return column.contains(option.key); });
    if (!present || varies != varying) continue;
    rows += "<tr><td>" + escaped(option.key) + "</td>";
    for (const auto& column : columns) {
      const auto found = column.find(option.key);
      rows += "<td>" + (found == column.end() ? "–" : escaped(listed(found->second))) + "</td>";
    }
    rows += "</tr>\n";
  }
  if (rows.empty()) return {};
  return "<div class=\"scroll\"><table class=\"left\"><thead>" + head + "</tr></thead>\n<tbody>" + rows +
         "</tbody></table></div>\n";
}

std::string left_out_html(const PageInput& input) {
  if (input.records.left_out.empty()) return {};
  std::string rows;
  for (const run::SkippedFile& file : input.records.left_out)
    rows += "<tr><td>" + escaped(file.path.generic_string()) + "</td><td>" + escaped(file.reason) + "</td></tr>\n";
  return "<h3>Left out</h3>\n<div class=\"scroll\"><table "
         "class=\"left\"><thead><tr><th>file</th><th>why</th></tr></thead>\n<tbody>" +
         rows + "</tbody></table></div>\n";
}

std::string pre(const std::vector<std::string>& lines) { return "<pre>" + escaped(join(lines, "\n")) + "</pre>\n"; }

std::string commands_html(const PageInput& input) {
  const std::vector<std::string> commands = commands_of(input.records.records);
  constexpr std::size_t kOpen = 6;
  std::string out = "<h3>To run it again</h3>\n";
  if (!input.commands.empty()) out += pre(input.commands);
  if (commands.empty()) return input.commands.empty() ? "" : out;
  if (commands.size() <= kOpen && input.commands.empty()) return out + pre(commands);
  return out + details(counted(commands.size(), "command") + " for the runs one by one", pre(commands));
}

std::string all_runs_html(const PageInput& input) {
  std::string rows;
  for (const Record& record : input.records.records) {
    const auto metric = std::ranges::find(input.summary.tasks, record.config.task.id) == input.summary.tasks.end()
                            ? nullptr
                            : &metric_of(record.config.task.id);
    const auto value = metric == nullptr ? std::nullopt : record.metrics.value(metric->key);
    const bool done = record.status == run::Status::kCompleted && value;
    rows +=
        "<tr><td>" + escaped(record.run) + "</td><td>" +
        (done ? value_text(*metric, *value) + " " + metric->heading : std::string(run::status_name(record.status))) +
        "</td><td>" + with_commas(record.model.params_total) + "</td><td>" +
        with_commas(record.model.params_attention) + "</td><td>" + with_commas(record.model.macs_forward) +
        "</td><td>" +
        (data::find_task(record.config.task.id).traits().decodes ? with_commas(record.model.kv_cache_bytes_per_token)
                                                                 : "–") +
        "</td><td>" + duration(record.timing.wall_s.value_or(0)) + "</td></tr>\n";
  }
  return details("All " + counted(input.records.records.size(), "run"),
                 "<div class=\"scroll\"><table><thead><tr><th>run</th><th>result</th><th>parameters</th><th>in "
                 "attention</th><th>multiply-adds</th><th>cache B/token</th><th>time</th></tr></thead>\n<tbody>" +
                     rows + "</tbody></table></div>\n");
}

}  // namespace

std::string runs_html(const PageInput& input) {
  std::string out;
  if (const std::string axes = settings_table(input, true); !axes.empty())
    out += "<p>What varies beside the variant:</p>\n" + axes;
  if (const std::string fixed_settings = settings_table(input, false); !fixed_settings.empty())
    out += details("What is the same in all runs of a task", fixed_settings);
  out += left_out_html(input) + commands_html(input);
  if (!input.records.records.empty()) out += all_runs_html(input);
  return out;
}

}  // namespace qkvbench::report
