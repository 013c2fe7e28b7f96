// How arms and numbers look, the arms' list, and the table of all cells.
// A cell without a mean says what is missing.
#include <algorithm>
#include <cmath>
#include <optional>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/nn/sharing.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

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

std::string cell_html(const PageInput& input, const Cell& cell) {
  const Metric& metric = metric_of(cell.task);
  const std::size_t n = cell.with_value();
  std::string out = cell.mean ? "<b>" + value_text(metric, *cell.mean) + "</b>" : "–";
  if (cell.interval)
    out += "<small class=\"tight\">[" + value_text(metric, cell.interval->low) + ", " +
           value_text(metric, cell.interval->high) + "]</small>";
  out += small(metric.is_share ? std::to_string(cell.solved_runs) + " of " + std::to_string(n) + " solved"
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
      "<p class=\"why\">Mean over the runs of a cell; in brackets the 95 % interval of the mean over configurations, "
      "or over seeds where there is one configuration. Solved: runs with at least " +
      short_number(100 * kSolved, 0) + " % accuracy.";
  if (input.summary.averages_incomplete) out += " <b>Cells with missing runs are averaged over the runs there are.</b>";
  if (!input.references.empty())
    out +=
        " Below: the mean of the authors' later re-run over the configurations that both ran, and beside the paper's "
        "whole grid its own mean.";
  return out + "</p>\n";
}

}  // namespace

Style style_of(const Arm& arm, const Summary& summary) {
  Style style;
  const std::optional<nn::Variant> variant = variant_of(arm);
  if (variant) {
    const auto place = static_cast<int>(variant->sharing - nn::all_sharings().data());
    style.hue = place;
    style.shape = static_cast<Shape>(place);
    style.hollow = variant->plus;
  }
  std::size_t rank = 0;  // among the ways to share heads that this variant is seen with
  for (const Arm& other : summary.arms) {
    if (other == arm) break;
    rank += other.variant == arm.variant ? 1 : 0;
  }
  style.dash = (style.hollow ? 1 : 0) + 2 * static_cast<int>(std::min<std::size_t>(rank, 3));
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
            (variant ? std::to_string(variant->sharing->projection_count()) : "–") + "</td><td>" +
            (variant ? (variant->sharing->cached_tensors() == 1 ? "K" : "K and V") : "–") + "</td></tr>\n";
  }
  return "<p class=\"why\">Letters that stand together share one projection; + adds a learned 2D positional term to "
         "the scores. α = 1/√(head size).</p>\n<div class=\"scroll\"><table "
         "class=\"left\"><thead><tr><th>variant</th><th>in the "
         "paper</th><th>attention</th><th>projections</th><th>cached at decoding</th></tr></thead>\n<tbody>" +
         rows + "</tbody></table></div>\n";
}

std::string table_html(const PageInput& input) {
  const Summary& summary = input.summary;
  if (summary.cells.empty()) return "<p>There are no finished runs.</p>\n";
  std::string head = "<tr><th>variant</th>", rows;
  for (const std::string& task : summary.tasks)
    head += "<th>" + escaped(task) + small(escaped(metric_of(task).heading)) + "</th>";
  for (const Arm& arm : summary.arms) {
    rows += "<tr><th>" + arm_html(arm, summary) + "</th>";
    for (const std::string& task : summary.tasks) {
      const Cell* cell = summary.cell(task, arm);
      rows += "<td>" + (cell != nullptr ? cell_html(input, *cell) : std::string("–")) + "</td>";
    }
    rows += "</tr>\n";
  }
  return explanation(input) + "<div class=\"scroll\"><table class=\"cells\"><thead>" + head + "</tr></thead>\n<tbody>" +
         rows + "</tbody></table></div>\n";
}

}  // namespace qkvbench::report
