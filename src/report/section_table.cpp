// How arms and numbers look, the arms' list, and the table of all cells.
// A cell without a mean says what is missing.
#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/nn/sharing.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/summary_tables.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using run::Record;

/// None for a name that is no variant.
std::optional<nn::Variant> variant_of(const Arm& arm) {
  try {
    return nn::parse_variant(arm.variant);
  } catch (const Error&) {
    return std::nullopt;
  }
}

const ReferenceValue* reference_of(const PageInput& input, const std::string& task, const Arm& arm) {
  const auto found = std::ranges::find_if(
      input.references, [&](const ReferenceValue& r) { return r.task == task && r.arm == arm.name(); });
  return found == input.references.end() ? nullptr : &*found;
}

std::string small(const std::string& html) { return "<small>" + html + "</small>"; }

/// Whether no other arm of the cell's group has a better mean, of several.
bool is_best(const Summary& summary, const Cell& cell) {
  const bool up = metric_of(cell.task).higher_is_better;
  std::size_t others = 0;
  for (const Cell& other : summary.cells) {
    if (other.group != cell.group || other.arm == cell.arm || !other.mean) continue;
    if (!cell.mean || (up ? *other.mean > *cell.mean : *other.mean < *cell.mean)) return false;
    ++others;
  }
  return cell.mean && others > 0;
}

bool any_solved(const Summary& summary, const Group& group) {
  return std::ranges::any_of(summary.cells, [&](const Cell& c) { return c.group == group && c.solved_runs > 0; });
}

std::string cell_html(const PageInput& input, const Cell& cell) {
  const Metric& metric = metric_of(cell.task);
  const std::size_t n = cell.with_value();
  const bool best = is_best(input.summary, cell);
  std::string out = cell.mean ? (best ? "<b>" : "") + value_text(metric, *cell.mean) + (best ? "</b>" : "") : "–";
  if (cell.interval)
    out += "<small class=\"tight\">[" + value_text(metric, cell.interval->low) + ", " +
           value_text(metric, cell.interval->high) + "]</small>";
  out += small(any_solved(input.summary, cell.group)
                   ? std::to_string(cell.solved_runs) + " of " + std::to_string(n) + " solved"
                   : counted(n, "run"));
  if (cell.missing() > 0)
    out += small("<span class=\"gap\">" + std::to_string(cell.missing()) + " of " + std::to_string(cell.expected) +
                 " missing</span>");
  if (const ReferenceValue* reference = reference_of(input, cell.task, cell.arm)) {
    const auto text = [&](const std::optional<double>& x) { return x ? value_text(metric, *x) : std::string("–"); };
    const std::string paper = reference->paper ? "paper " + text(reference->paper) : "",
                      rerun = reference->rerun ? "re-run " + text(reference->rerun) : "";
    out += small(paper + (paper.empty() || rerun.empty() ? "" : ", ") + rerun);
  }
  return out;
}

std::string explanation(const PageInput& input) {
  std::string out =
      "<p class=\"why\">Mean over the runs of a cell, the best in bold; ↑ higher is better, ↓ lower is better. In "
      "brackets "
      "the 95 % interval of the mean over configurations, or over seeds where there is one configuration. Solved: runs "
      "with at least " +
      short_number(100 * kSolved, 0) + " % accuracy.";
  if (input.summary.averages_incomplete) out += " <b>Cells with missing runs are averaged over the runs there are.</b>";
  if (!input.references.empty())
    out +=
        " Below: the mean of the authors' later re-run over the configurations that both ran, and beside the paper's "
        "whole grid its own mean.";
  out += "</p>\n";
  for (const std::string& remark : input.summary.remarks) out += "<p class=\"why\">" + escaped(remark) + ".</p>\n";
  return out;
}

std::string not_compared_html(const Summary& summary) {
  std::string lines;
  for (const NotCompared& runs : summary.not_compared) lines += "<li>" + escaped(not_compared_text(runs)) + "</li>\n";
  return lines.empty() ? "" : "<p>Not compared:</p>\n<ul>" + lines + "</ul>\n";
}

/// A row's values of the panel's keys.
std::string values_html(const Panel& panel, std::size_t row) {
  std::string out;
  for (const std::string& value : panel.rows[row]) out += "<td>" + escaped(value) + "</td>";
  return out;
}

/// What is known of each column's task before anything is trained.
std::string level_row(const Summary& summary, const Panel& panel, std::size_t row, const char* name,
                      std::optional<double> (*level_of)(const Summary& summary, const Group& group)) {
  std::string cells;
  bool known = false;
  for (std::size_t column = 0; column < panel.columns.size(); ++column) {
    const auto level = level_of(summary, panel.at(row, column));
    cells += "<td>" + (level ? value_text(metric_of(panel.columns[column].task), *level) : std::string()) + "</td>";
    known = known || level;
  }
  return known ? "<tr><th>" + std::string(name) + "</th>" + values_html(panel, row) + cells + "<td></td></tr>\n" : "";
}

/// A count of the models in a row, or from which to which.
std::string count_html(const Summary& summary, const Panel& panel, std::size_t row, const Arm& arm,
                       index_t run::ModelCosts::*count) {
  std::set<index_t> counts;
  for (std::size_t column = 0; column < panel.columns.size(); ++column)
    if (const Cell* cell = summary.cell(panel.at(row, column), arm))
      for (const Sample& sample : cell->samples)
        if (sample.record != nullptr) counts.insert(sample.record->model.*count);
  if (counts.empty()) return "<td>–</td>";
  const std::string most = with_commas(*counts.rbegin());
  return "<td>" + (counts.size() == 1 ? most : with_commas(*counts.begin()) + " – " + most) + "</td>";
}

bool decodes(const Panel& panel) {
  return std::ranges::all_of(panel.columns, [](const Group& g) { return data::find_task(g.task).traits().perplexity; });
}

std::string panel_html(const PageInput& input, const Panel& panel) {
  const Summary& summary = input.summary;
  std::string head = "<tr><th>variant</th>", rows;
  for (const std::string& key : panel.keys) head += "<th>" + escaped(key) + "</th>";
  for (const Group& column : panel.columns)
    head += "<th>" + escaped(column.data) + small(escaped(directed(metric_of(column.task)))) + "</th>";
  head += "<th>parameters</th>" + std::string(decodes(panel) ? "<th>cache B/token</th>" : "");
  for (std::size_t row = 0; row < panel.rows.size(); ++row) {
    for (const Arm& arm : summary.arms) {
      std::string cells;
      bool any = false;
      for (std::size_t column = 0; column < panel.columns.size(); ++column) {
        const Cell* cell = summary.cell(panel.at(row, column), arm);
        cells += "<td>" + (cell != nullptr ? cell_html(input, *cell) : std::string("–")) + "</td>";
        any = any || cell != nullptr;
      }
      cells += count_html(summary, panel, row, arm, &run::ModelCosts::params_total);
      if (decodes(panel)) cells += count_html(summary, panel, row, arm, &run::ModelCosts::kv_cache_bytes_per_token);
      if (any) rows += "<tr><th>" + arm_html(arm, summary) + "</th>" + values_html(panel, row) + cells + "</tr>\n";
    }
    rows +=
        level_row(summary, panel, row, "chance", chance_of) + level_row(summary, panel, row, "best there is", limit_of);
  }
  return "<div class=\"scroll\"><table class=\"cells\"><thead>" + head + "</tr></thead>\n<tbody>" + rows +
         "</tbody></table></div>\n";
}

}  // namespace

Style style_of(const Arm& arm, const Summary& summary) {
  Style style;
  const std::optional<nn::Variant> variant = variant_of(arm);
  if (variant) {
    const auto place = static_cast<int>(variant->place());
    style.hue = place % kHues;
    style.shape = static_cast<MarkerShape>((place + place / kHues) % kShapes);  // beyond the hues another shape of each
    style.hollow = variant->plus;
  }
  std::size_t rank = 0;  // among the ways to share heads that this variant is seen with
  for (const Arm& other : summary.arms) {
    if (other == arm) break;
    rank += other.variant == arm.variant ? 1 : 0;
  }
  style.level = static_cast<int>(std::min<std::size_t>(rank, 3));
  style.dash = (style.hollow ? 1 : 0) + 2 * style.level;
  return style;
}

std::string arm_html(const Arm& arm, const Summary& summary) {
  return "<span class=\"key\">" + marker_svg(style_of(arm, summary)) + escaped(arm.name()) + "</span>";
}

std::string value_text(const Metric& metric, double value) {
  const double size = std::abs(value);
  return fixed(value, metric.is_share || size < 10 ? 3 : size < 100 ? 2 : 1);
}

std::string arms_html(const PageInput& input) {
  if (input.summary.arms.empty()) return {};
  std::string rows;
  for (const Arm& arm : input.summary.arms) {
    const std::optional<nn::Variant> variant = variant_of(arm);
    const std::string paper = variant ? variant->paper_name() : "";
    rows += "<tr><td>" + arm_html(arm, input.summary) + "</td><td>" + escaped(paper.empty() ? "–" : paper) +
            "</td><td class=\"whole\">" + escaped(variant ? variant->equation() : "–") + "</td><td>" +
            (variant ? std::to_string(variant->kind->projections) : "–") + "</td><td>" +
            (variant ? std::string(variant->kind->cached) : "–") + "</td></tr>\n";
  }
  return "<p class=\"why\">Letters that stand together share one projection; + adds a learned 2D positional term to "
         "the scores. α = 1/√(head size).</p>\n<div class=\"scroll\"><table "
         "class=\"left\"><thead><tr><th>variant</th><th>in the "
         "paper</th><th>attention</th><th>projections</th><th>cached at decoding</th></tr></thead>\n<tbody>" +
         rows + "</tbody></table></div>\n";
}

std::string table_html(const PageInput& input) {
  if (input.summary.cells.empty()) return "<p>There are no finished runs.</p>\n";
  std::string out = explanation(input);
  for (const Panel& panel : panels_of(input.summary)) out += panel_html(input, panel);
  return out + not_compared_html(input.summary);
}

}  // namespace qkvbench::report
