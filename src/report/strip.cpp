// Strip charts: all runs, their mean and its interval.
// Dots are scattered across their row by their number, so that equal values stay visible and the picture the same.
#include <algorithm>
#include <cmath>

#include "qkvbench/report/charts.hpp"

namespace qkvbench::report {

namespace {

constexpr double kTop = 26, kRow = 32, kBottom = 40;

/// All numbers that are drawn; intervals may widen the range of the rest by half of it to each side.
Interval range_of(const StripChart& chart) {
  std::vector<double> values;
  for (const StripRow& row : chart.rows) {
    for (const Dot& dot : row.dots) values.push_back(dot.value);
    for (const auto& value : {row.mean, row.paper, row.rerun})
      if (value) values.push_back(*value);
  }
  if (values.empty()) return chart.bounds.value_or(Interval{0, 1});
  const auto [low, high] = std::ranges::minmax(values);
  const double extent = high - low;
  Interval range{low, high};
  for (const StripRow& row : chart.rows)
    if (row.interval) {
      range.low = std::min(range.low, std::max(row.interval->low, low - extent / 2));
      range.high = std::max(range.high, std::min(row.interval->high, high + extent / 2));
    }
  range = padded_range(range, 0.02 * std::max(std::abs(low), std::abs(high)) + 1e-9, 0);
  if (chart.bounds) range = {std::max(range.low, chart.bounds->low), std::min(range.high, chart.bounds->high)};
  return padded_range(range, 0, 0.03);
}

void draw_lines(Svg& svg, const StripChart& chart, const Axis& axis, double bottom) {
  double free_from = 0;  // labels that would run into each other are left out, their lines are not
  const double free_to = kChartWidth - text_width(chart.notes, 10) - 6;  // the notes' heading stands behind
  for (const GuideLine& guide : chart.lines) {
    if (!axis.holds(guide.at)) continue;
    const double x = axis.at(guide.at), half = text_width(guide.label, 10) / 2;
    svg.line(x, kTop - 6, x, bottom, "guide");
    const double middle = std::min(x, free_to - half);
    if (middle - half < free_from) continue;
    svg.text(middle, kTop - 10, guide.label, "small middle");
    free_from = middle + half;
  }
}

void draw_row(Svg& svg, const StripRow& row, const Axis& axis, double y) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  svg.text(0, y + 4, row.label, "label");
  const std::string css = colour_class(row.style) + " run";
  for (std::size_t i = 0; i < row.dots.size(); ++i) {
    const double scatter = std::fmod(0.5 + static_cast<double>(i) * kGoldenRatio, 1.0) - 0.5;
    svg.dot(axis.at(row.dots[i].value), y - 5 + 11 * scatter, 2, css, row.dots[i].title);
  }
  const double below = y + 8;
  if (row.paper) {
    const double x = axis.at(*row.paper);
    svg.path(
        move_to(x - 3, below - 3) + line_to(x + 3, below + 3) + move_to(x - 3, below + 3) + line_to(x + 3, below - 3),
        "other");
  }
  if (row.rerun) {
    const double x = axis.at(*row.rerun);
    svg.path(move_to(x - 4, below) + line_to(x + 4, below) + move_to(x, below - 4) + line_to(x, below + 4), "other");
  }
  if (row.interval) draw_interval(svg, axis, *row.interval, below, colour_class(row.style) + " whisker");
  if (row.mean) svg.marker(row.style, axis.at(*row.mean), below, 3.5);
  svg.text(kChartWidth, y + 4, row.note, "small end");
}

}  // namespace

std::string strip_svg(const StripChart& chart) {
  const double left = column_width(
      chart.rows, [](const StripRow& row) { return row.label; }, 40, 140);
  const double right = column_width(
      chart.rows, [](const StripRow& row) { return row.note; }, 12, 90);
  const double bottom = kTop + kRow * static_cast<double>(chart.rows.size());
  const Axis axis(range_of(chart), left, kChartWidth - std::max(right, text_width(chart.notes, 10) + 6));
  Svg svg(kChartWidth, bottom + kBottom, "Every run, mean and interval: " + chart.axis);
  std::vector<Tick> ticks = axis.ticks(6);
  if (chart.bounds)
    std::erase_if(ticks, [&](const Tick& tick) { return tick.at < chart.bounds->low || tick.at > chart.bounds->high; });
  draw_bottom_axis(svg, axis, ticks, kTop - 6, bottom, (left + kChartWidth - right) / 2, chart.axis);
  draw_lines(svg, chart, axis, bottom);
  svg.text(kChartWidth, kTop - 10, chart.notes, "small end");
  for (std::size_t i = 0; i < chart.rows.size(); ++i)
    draw_row(svg, chart.rows[i], axis, kTop + kRow * (static_cast<double>(i) + 0.5));
  return svg.str();
}

}  // namespace qkvbench::report
