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
template <class Chart>
std::string charts_html(const PageInput& input, const std::string& why, Chart chart) {
  std::string figures;
  for (const Group& group : input.summary.groups) figures += figure(group.name(), chart(group));
  if (figures.empty()) return {};
  return "<p class=\"why\">" + why + "</p>\n<div class=\"charts\">" + figures + "</div>\n";
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

/// Of models that decode: others keep no cache.
std::string pareto_of(const PageInput& input, const Group& group) {
  if (!data::find_task(group.task).traits().perplexity) return {};
  const Metric& metric = metric_of(group.task);
  ParetoChart chart{directed(metric), metric.higher_is_better, {}, {}};
  if (metric.is_share) chart.bounds = Interval{0, 1};
  for (const Cell* cell : cells_of(input.summary, group)) {
    double bytes = 0, runs = 0;
    for (const Sample& sample : cell->samples)
      if (sample.record != nullptr && sample.value) {
        bytes += static_cast<double>(sample.record->model.kv_cache_bytes_per_token);
        ++runs;
      }
    if (cell->mean && bytes > 0)
      chart.points.push_back(
          {cell->arm.name(), style_of(cell->arm, input.summary), bytes / runs, *cell->mean, cell->interval});
  }
  return pareto_svg(chart);
}

}  // namespace

std::string strips_html(const PageInput& input) {
  std::string why =
      "A dot is a run (its name and value show when it is pointed at). Below the dots the mean and its 95 % "
      "interval; an arrow says that the interval goes on. At the right: runs solved of runs done, or runs done.";
  if (!input.references.empty()) why += " × is the paper's mean, + its authors' re-run of the same configurations.";
  return charts_html(input, why, [&](const Group& group) { return strip_of(input, group); });
}

std::string curves_html(const PageInput& input) {
  return charts_html(input,
                     "Mean over all runs of a variant that ended well; the band holds the middle half of them. Runs "
                     "of different lengths are laid over each other by the share of their steps.",
                     [&](const Group& group) { return curves_of(input, group); });
}

std::string forests_html(const PageInput& input) {
  return charts_html(
      input,
      "Pairs of runs with the same configuration and seed, a variant minus the baseline: mean and 95 % interval (cut "
      "where it ends in an arrow). p inverts the same interval and is corrected by Holm for all variants of the chart; "
      "pairs say how many runs "
      "it rests on.",
      [&](const Group& group) { return forest_of(input, group); });
}

std::string paretos_html(const PageInput& input) {
  return charts_html(
      input,
      "Bytes that decoding keeps for each token (32-bit floats, mean over configurations) and the mean with its 95 % "
      "interval. Ringed and joined: variants that no other beats in both.",
      [&](const Group& group) { return pareto_of(input, group); });
}

}  // namespace qkvbench::report
