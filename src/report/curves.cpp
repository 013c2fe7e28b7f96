// Learning curves: means over runs, the middle half of the runs as a band.
// Runs of different lengths are laid over each other by the share of their steps.
#include <algorithm>
#include <cmath>

#include "qkvbench/report/charts.hpp"

namespace qkvbench::report {

namespace {

constexpr double kTop = 24, kPlot = 200, kBottom = 40, kLeft = 40, kLineHeight = 13;
constexpr std::size_t kMostBands = 6;  // of more the bands are fainter, or they hide each other

double value_at(const CurveOfRun& run, double share) {
  // The first point that is not before `share`; the last for what lies behind it by rounding.
  const auto found = std::ranges::find_if(run, [&](const auto& point) { return point.first >= share - 1e-9; });
  return found == run.end() ? run.back().second : found->second;
}

/// Of sorted numbers, interpolated between neighbours.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Interval range_of(const CurvesChart& chart) {
  Interval range{INFINITY, -INFINITY};
  for (const CurveLine& line : chart.lines)
    for (const BandPoint& point : line.points) {
      range.low = std::min({range.low, point.low, point.mean});
      range.high = std::max({range.high, point.high, point.mean});
    }
  if (chart.scale == Scale::kLinear) return padded_range(range, 0.02 * std::abs(range.high) + 1e-9, 0.03);
  const Interval logs =
      padded_range({std::log(std::max(range.low, 1e-12)), std::log(std::max(range.high, 1e-12))}, 0.1, 0.03);
  return {std::exp(logs.low), std::exp(logs.high)};
}

void draw_line(Svg& svg, const CurveLine& line, const Axis& x, const Axis& y, std::size_t number, bool faint,
               bool marked) {
  std::string up, back, mean;
  for (std::size_t i = 0; i < line.points.size(); ++i) {
    const BandPoint &point = line.points[i], &mirrored = line.points[line.points.size() - 1 - i];
    up += i == 0 ? move_to(x.at(point.share), y.at(point.high)) : line_to(x.at(point.share), y.at(point.high));
    back += line_to(x.at(mirrored.share), y.at(mirrored.low));
    mean += i == 0 ? move_to(x.at(point.share), y.at(point.mean)) : line_to(x.at(point.share), y.at(point.mean));
  }
  svg.path(up + back + "z", colour_class(line.style) + (faint ? " band faint" : " band"));
  svg.path(mean, style_class(line.style) + " line");
  constexpr std::size_t kMarkEvery = 12;  // not at the same shares for all, so that they do not cover each other
  for (std::size_t i = marked ? 0 : 4 + 2 * number % kMarkEvery; i < line.points.size(); i += marked ? 1 : kMarkEvery)
    svg.marker(line.style, x.at(line.points[i].share), y.at(line.points[i].mean), 3);
}

/// Labels at the ends of the lines, apart, with a thin line to where each belongs.
void draw_labels(Svg& svg, const CurvesChart& chart, const Axis& y, double right, double bottom) {
  std::vector<double> ends;
  for (const CurveLine& line : chart.lines) ends.push_back(y.at(line.points.back().mean));
  const std::vector<double> places = spread_out(ends, kLineHeight, kTop, bottom - 6);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    svg.path(move_to(right, ends[i]) + line_to(right + 8, places[i]), style_class(chart.lines[i].style) + " leader");
    svg.marker(chart.lines[i].style, right + 14, places[i], 3.5);
    svg.text(right + 21, places[i] + 4, chart.lines[i].label, "label");
  }
}

}  // namespace

std::vector<BandPoint> band_of(const std::vector<CurveOfRun>& runs, std::size_t most) {
  std::size_t longest = 0;
  for (const CurveOfRun& run : runs) longest = std::max(longest, run.size());
  const std::size_t n = std::min(longest, most);
  std::vector<BandPoint> band;
  for (std::size_t k = 1; k <= n; ++k) {
    const double share = static_cast<double>(k) / static_cast<double>(n);
    std::vector<double> values;
    for (const CurveOfRun& run : runs) values.push_back(value_at(run, share));
    std::ranges::sort(values);
    band.push_back({share, mean(values), quantile(values, 0.25), quantile(values, 0.75)});
  }
  return band;
}

std::string curves_svg(const CurvesChart& whole) {
  CurvesChart chart = whole;
  std::erase_if(chart.lines, [](const CurveLine& line) { return line.points.empty(); });
  if (chart.lines.empty()) return {};
  const double labels = column_width(
                            chart.lines, [](const CurveLine& line) { return line.label; }, 50, 130) +
                        20;
  const double right = kChartWidth - labels;
  const double bottom = kTop + std::max(kPlot, kLineHeight * static_cast<double>(chart.lines.size()));
  const Axis x({0, chart.most}, kLeft, right), y(range_of(chart), bottom, kTop, chart.scale);
  Svg svg(kChartWidth, bottom + kBottom, chart.what + ": " + chart.axis);
  for (const Tick& tick : y.ticks(6)) {
    if (chart.bounds && (tick.at < chart.bounds->low || tick.at > chart.bounds->high)) continue;
    svg.line(kLeft - 3, y.at(tick.at), right, y.at(tick.at), "rule");
    svg.text(kLeft - 6, y.at(tick.at) + 4, tick.label, "small end");
  }
  std::vector<Tick> shares = chart.ticks.empty() ? x.ticks(6) : chart.ticks;
  for (Tick& tick : shares)
    if (chart.ticks.empty()) tick.label = short_number(100 * tick.at, 0) + " %";
  draw_bottom_axis(svg, x, shares, kTop, bottom, (kLeft + right) / 2, chart.shares);
  svg.text(0, kTop - 12, chart.axis, "start");
  for (std::size_t i = 0; i < chart.lines.size(); ++i)
    draw_line(svg, chart.lines[i], x, y, i, chart.lines.size() > kMostBands, chart.marked);
  draw_labels(svg, chart, y, right, bottom);
  return svg.str();
}

}  // namespace qkvbench::report
