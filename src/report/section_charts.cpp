// From cells of the summary to the four kinds of chart, one of each for every group.
// Chooses what is drawn; how is in strip, curves, forest and pareto.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/report/charts.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/summary_tables.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

std::vector<const Cell*> cells_of(const Summary& summary, const Group& group) {
  std::vector<const Cell*> cells;
  for (const Cell& cell : summary.cells)
    if (cell.group == group) cells.push_back(&cell);
  return cells;
}

/// One chart for each group; those without one are left out.
template <std::string (*chart)(const PageInput& input, const Group& group)>
std::vector<Chart> of_groups(const PageInput& input) {
  std::vector<Chart> charts;
  for (const Group& group : input.summary.groups)
    if (const std::string svg = chart(input, group); !svg.empty()) charts.push_back({group.name(), svg});
  return charts;
}

/// "7/9", and what is missing.
std::string runs_note(const Cell& cell, const Metric& metric) {
  std::string note = std::to_string(cell.with_value());
  if (metric.is_share) note = std::to_string(cell.solved_runs) + "/" + note;
  if (cell.missing() > 0) note += ", " + std::to_string(cell.missing()) + " miss.";
  return note;
}

StripRow strip_row(const PageInput& input, const Cell& cell, const Metric& metric) {
  StripRow row{cell.arm.name(), style_of(cell.arm, input.summary), {}, cell.mean, cell.interval, {}, {}, {}};
  for (const Sample& sample : cell.samples)
    if (sample.value)
      row.dots.push_back({*sample.value, (sample.record != nullptr ? sample.record->run : cell.arm.name()) + ": " +
                                             value_text(metric, *sample.value)});
  for (const ReferenceValue& reference : input.references)
    if (reference.task == cell.task && reference.arm == cell.arm.name()) {
      row.paper = reference.paper;
      row.rerun = reference.rerun;
    }
  row.note = runs_note(cell, metric);
  return row;
}

std::string strip_of(const PageInput& input, const Group& group) {
  const Metric& metric = metric_of(group.task);
  StripChart chart{directed(metric), "runs", {}, {}, {}};
  for (const Cell* cell : cells_of(input.summary, group)) chart.rows.push_back(strip_row(input, *cell, metric));
  if (metric.is_share) {
    if (const auto chance = chance_of(input.summary, group)) chart.lines.push_back({*chance, "chance"});
    chart.bounds = Interval{0, 1};
    chart.lines.push_back({kSolved, "solved"});
  } else if (const auto floor = limit_of(input.summary, group)) {
    chart.lines.push_back({*floor, "floor"});
  }
  return chart.rows.empty() ? "" : strip_svg(chart);
}

/// Accuracy where the table shows accuracy, else the loss.
std::string curves_of(const PageInput& input, const Group& group) {
  const bool share = metric_of(group.task).is_share;
  CurvesChart chart{share ? "accuracy on training batches" : "training loss, nats a target",
                    share ? Scale::kLinear : Scale::kLog,
                    {}};
  for (const Cell* cell : cells_of(input.summary, group)) {
    std::vector<CurveOfRun> runs;
    for (const Sample& sample : cell->samples) {
      if (!sample.value || sample.record == nullptr || sample.record->curve.empty()) continue;
      CurveOfRun run;
      const auto steps = static_cast<double>(sample.record->curve.back().step);
      for (const train::CurvePoint& point : sample.record->curve)
        if (const double value = share ? point.train_accuracy : point.train_loss; std::isfinite(value) && steps > 0)
          run.emplace_back(static_cast<double>(point.step) / steps, value);
      if (!run.empty()) runs.push_back(run);
    }
    chart.lines.push_back({cell->arm.name(), style_of(cell->arm, input.summary), band_of(runs)});
  }
  return curves_svg(chart);
}

std::string p_text(const std::optional<double>& p) {
  if (!p) return "–";
  return *p < 0.001 ? "< 0.001" : fixed(*p, 3);
}

/// How many pairs, and of how many when some are missing.
std::string pairs_text(const Difference& difference) {
  const std::string n = std::to_string(difference.test.n);
  return (difference.test.n < difference.expected ? n + "/" + std::to_string(difference.expected) : n) +
         (difference.test.n == 1 ? " pair" : " pairs");
}

std::string forest_of(const PageInput& input, const Group& group) {
  const Metric& metric = metric_of(group.task);
  ForestChart chart{"",
                    "corrected p, pairs",
                    metric.higher_is_better ? "worse" : "better",
                    metric.higher_is_better ? "better" : "worse",
                    {}};
  for (const Difference& difference : input.summary.differences) {
    if (difference.group != group || difference.arm == difference.baseline) continue;
    const bool percent = difference.relative || metric.is_share;
    const double scale = percent ? 100 : 1;
    chart.axis = std::string(metric.heading) + (difference.relative ? " over that of " : " minus that of ") +
                 difference.baseline.name() +
                 (difference.relative ? ", %"
                  : percent           ? ", points"
                                      : "");
    std::optional<Interval> interval;
    if (difference.interval) interval = Interval{scale * difference.interval->low, scale * difference.interval->high};
    chart.rows.push_back({difference.arm.name(), style_of(difference.arm, input.summary), scale * difference.test.mean,
                          interval, p_text(difference.p_holm) + ", " + pairs_text(difference)});
  }
  return forest_svg(chart);
}

std::string why_strips(const PageInput& input) {
  return std::string(
             "A dot is a run (its name and value show when it is pointed at). Below the dots the mean and its 95 % "
             "interval; an arrow says that the interval goes on. At the right: runs solved of runs done, or runs "
             "done.") +
         (input.references.empty() ? "" : " × is the paper's mean, + its authors' re-run of the same configurations.");
}

constexpr std::array kParts{
    ChartPart{"runs", "Every run", why_strips, of_groups<strip_of>},
    ChartPart{"swept", "What was swept",
              [](const PageInput&) {
                return std::string(
                    "The mean of each variant at each value of the key, and where one configuration stands behind a "
                    "point the 95 % interval of its seeds as a band.");
              },
              sweeps_of},
    ChartPart{"differences", "Differences from the baseline",
              [](const PageInput&) {
                return std::string(
                    "Pairs of runs with the same configuration and seed, a variant minus the baseline: mean and 95 % "
                    "interval (cut where it ends in an arrow). p inverts the same interval and is corrected by Holm "
                    "for all variants of the chart; pairs say how many runs it rests on.");
              },
              of_groups<forest_of>},
    ChartPart{"curves", "Learning curves",
              [](const PageInput&) {
                return std::string(
                    "Mean over all runs of a variant that ended well; the band holds the middle half of them. Runs of "
                    "different lengths are laid over each other by the share of their steps.");
              },
              of_groups<curves_of>},
    ChartPart{"cost", "Quality against its cost",
              [](const PageInput&) {
                return std::string(
                    "The mean with its 95 % interval against what a model has, keeps or takes (means over runs; the "
                    "cache in 32-bit floats). Ringed and joined by a staircase: what no other beats in both. Where "
                    "sizes or lengths of training were swept, a line joins the points of a variant, and intervals are "
                    "left to the table.");
              },
              costs_of}};

}  // namespace

std::span<const ChartPart> chart_parts() { return kParts; }

std::string charts_html(const PageInput& input, std::string_view id) {
  const ChartPart& part = *std::ranges::find(kParts, id, &ChartPart::id);
  std::string figures;
  for (const Chart& chart : part.charts(input))
    figures += "<figure><figcaption>" + escaped(chart.title) + "</figcaption>\n" + chart.svg + "</figure>\n";
  if (figures.empty()) return {};
  return "<p class=\"why\">" + part.why(input) + "</p>\n<div class=\"charts\">" + figures + "</div>\n";
}

}  // namespace qkvbench::report
