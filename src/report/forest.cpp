// Forest plots: an effect and its interval a row, beside a line at zero.
// An interval that would flatten all others is cut, and ends in an arrow.
#include <algorithm>
#include <cmath>

#include "qkvbench/report/charts.hpp"

namespace qkvbench::report {

namespace {

constexpr double kTop = 26, kRow = 26, kBottom = 54, kMostStretch = 3;

/// From the lowest to the highest end, zero within, but not further out than a few times what is usual for a row.
Interval range_of(const ForestChart& chart) {
  std::vector<double> reaches;
  double low = 0, high = 0, limit = 0;
  for (const ForestRow& row : chart.rows) {
    const Interval interval = row.interval.value_or(Interval{row.effect, row.effect});
    reaches.push_back(std::max(std::abs(interval.low), std::abs(interval.high)));
    low = std::min(low, interval.low);
    high = std::max(high, interval.high);
    limit = std::max(limit, std::abs(row.effect));
  }
  std::ranges::sort(reaches);
  limit = std::max(limit, kMostStretch * reaches[reaches.size() / 2]);
  return padded_range({std::max(low, -limit), std::min(high, limit)}, 0.02, 0.05);
}

void draw_row(Svg& svg, const ForestRow& row, const Axis& axis, double y) {
  svg.text(0, y + 4, row.label, "label");
  if (row.interval) draw_interval(svg, axis, *row.interval, y, colour_class(row.style) + " whisker");
  svg.marker(row.style, axis.at(row.effect), y, 4);
  svg.text(kChartWidth, y + 4, row.note, "small end");
}

}  // namespace

std::string forest_svg(const ForestChart& chart) {
  if (chart.rows.empty()) return {};
  const double left = column_width(
      chart.rows, [](const ForestRow& row) { return row.label; }, 40, 140);
  const double notes = column_width(
      chart.rows, [](const ForestRow& row) { return row.note; }, 12, 110);
  const double right = kChartWidth - std::max(notes, text_width(chart.notes, 10) + 6);
  const double bottom = kTop + kRow * static_cast<double>(chart.rows.size());
  const Axis axis(range_of(chart), left, right);
  Svg svg(kChartWidth, bottom + kBottom, "Differences from the baseline: " + chart.axis);
  draw_bottom_axis(svg, axis, axis.ticks(6), kTop - 6, bottom, (left + right) / 2, chart.axis);
  svg.line(axis.at(0), kTop - 6, axis.at(0), bottom + 3, "zero");
  if (!chart.left.empty()) svg.text(left, bottom + 45, "← " + chart.left, "small start");
  if (!chart.right.empty()) svg.text(right, bottom + 45, chart.right + " →", "small end");
  svg.text(kChartWidth, kTop - 10, chart.notes, "small end");
  for (std::size_t i = 0; i < chart.rows.size(); ++i)
    draw_row(svg, chart.rows[i], axis, kTop + kRow * (static_cast<double>(i) + 0.5));
  return svg.str();
}

}  // namespace qkvbench::report
