// Quality against cost, the points that no other beats joined by a line.
// Labels take the first place around their point where they cover nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "qkvbench/report/charts.hpp"

namespace qkvbench::report {

namespace {

constexpr double kTop = 24, kPlot = 220, kBottom = 40, kLeft = 44, kRight = 12, kLineHeight = 12;

struct Box {
  double left, top, right, bottom;
  double overlap(const Box& other) const {
    return std::max(0.0, std::min(right, other.right) - std::max(left, other.left)) *
           std::max(0.0, std::min(bottom, other.bottom) - std::max(top, other.top));
  }
};

struct Place {
  double x, y;
};

/// Where each label begins (x) and stands (y, its baseline). `taken`: what labels should not cover.
std::vector<Place> place_labels(const std::vector<ParetoPoint>& points, const std::vector<Place>& markers,
                                std::vector<Box> taken) {
  const Box all{kLeft, kTop - 4, kChartWidth, kTop + kPlot};
  std::vector<Place> places;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double width = text_width(points[i].label, kFont);
    if (width == 0) {
      places.push_back(markers[i]);
      continue;
    }
    Box best{};
    double least = INFINITY;
    // Near before far, right before left.
    for (int step = 0; step < 24; ++step)
      for (const double x : {markers[i].x + 9, markers[i].x - 9 - width}) {
        const double shift = (step % 2 == 0 ? 1 : -1) * (step + 1) / 2 * 5.0;
        const double y = markers[i].y + shift;
        const Box box{x, y - kLineHeight / 2, x + width, y + kLineHeight / 2};
        double cost = width * kLineHeight - box.overlap(all) + 0.3 * step;
        for (const Box& other : taken) cost += 4 * box.overlap(other);
        if (cost < least - 1e-9) {
          least = cost;
          best = box;
        }
      }
    taken.push_back(best);
    places.push_back({best.left, best.bottom - 2});
  }
  return places;
}

Interval quality_range(const ParetoChart& chart) {
  const auto [low, high] = std::ranges::minmax_element(chart.points, {}, &ParetoPoint::quality);
  Interval range{low->quality, high->quality};
  const double extent = std::max(range.high - range.low, 0.02 * std::abs(range.high));
  for (const ParetoPoint& point : chart.points)
    if (point.interval) {
      range.low = std::min(range.low, std::max(point.interval->low, low->quality - extent));
      range.high = std::max(range.high, std::min(point.interval->high, high->quality + extent));
    }
  range = padded_range(range, 0.02 * std::abs(range.high) + 1e-9, 0);
  if (chart.bounds) range = {std::max(range.low, chart.bounds->low), std::min(range.high, chart.bounds->high)};
  return padded_range(range, 0, 0.06);
}

Axis cost_axis(const std::vector<ParetoPoint>& points, Unit unit) {
  constexpr double kLogFrom = 8;
  const auto [low, high] = std::ranges::minmax_element(points, {}, &ParetoPoint::cost);
  if (unit == Unit::kCount && high->cost < kLogFrom * low->cost)
    return {padded_range({low->cost, high->cost}, 0.02 * high->cost, 0.12), kLeft, kChartWidth - kRight};
  const double ratio = std::max(high->cost / low->cost, 2.0), margin = std::pow(ratio, 0.25);
  return {{low->cost / margin, high->cost * margin * (unit == Unit::kBytes && high->cost / low->cost < 2 ? 2 : 1)},
          kLeft,
          kChartWidth - kRight,
          Scale::kLog};
}

/// Corners of a staircase through the best points: up to the next size nothing better is to be had.
std::vector<Place> staircase(const std::vector<bool>& front, const std::vector<Place>& markers) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < front.size(); ++i)
    if (front[i]) order.push_back(i);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return markers[i].x; });
  std::vector<Place> corners;
  for (const std::size_t i : order) {
    if (!corners.empty()) corners.push_back({markers[i].x, corners.back().y});
    corners.push_back(markers[i]);
  }
  corners.push_back({kChartWidth - kRight, corners.back().y});
  return corners;
}

/// Markers, intervals and the staircase.
std::vector<Box> obstacles(const ParetoChart& chart, const Axis& y, const std::vector<Place>& markers,
                           const std::vector<Place>& corners) {
  std::vector<Box> boxes;
  for (std::size_t i = 0; i < markers.size(); ++i) {
    const Place at = markers[i];
    boxes.push_back({at.x - 6, at.y - 6, at.x + 6, at.y + 6});
    if (const auto& interval = chart.points[i].interval)
      boxes.push_back({at.x - 1.5, y.at(interval->high), at.x + 1.5, y.at(interval->low)});
  }
  for (std::size_t i = 1; i < corners.size(); ++i) {
    const auto [left, right] = std::minmax(corners[i - 1].x, corners[i].x);
    const auto [top, bottom] = std::minmax(corners[i - 1].y, corners[i].y);
    boxes.push_back({left - 1.5, top - 1.5, right + 1.5, bottom + 1.5});
  }
  return boxes;
}

/// "1.2M"
std::string count_text(double n) {
  for (const auto& [unit, name] : {std::pair{1e9, "G"}, {1e6, "M"}, {1e3, "k"}})
    if (n >= unit) return short_number(n / unit, 2) + name;
  return short_number(n, 2);
}

std::vector<Tick> cost_ticks(const Axis& x, Unit unit) {
  if (unit == Unit::kBytes) return x.size_ticks(6);
  constexpr double kApart = 34;
  std::vector<Tick> ticks;
  for (const Tick& tick : x.ticks(5))
    if (ticks.empty() || x.at(tick.at) - x.at(ticks.back().at) >= kApart)
      ticks.push_back({tick.at, count_text(tick.at)});
  return ticks;
}

/// Lines through the points of each label, in their order; all but the last of them lose theirs.
void join_points(Svg& svg, std::vector<ParetoPoint>& points, const std::vector<Place>& markers) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto next = std::find_if(points.begin() + static_cast<std::ptrdiff_t>(i) + 1, points.end(),
                                   [&](const ParetoPoint& other) { return other.label == points[i].label; });
    if (next == points.end()) continue;
    const Place to = markers[static_cast<std::size_t>(next - points.begin())];
    svg.line(markers[i].x, markers[i].y, to.x, to.y, style_class(points[i].style) + " line");
    points[i].label.clear();
  }
}

/// Points of the same cost stand beside each other, so that their intervals do not hide one another.
std::vector<Place> place_markers(const ParetoChart& chart, const Axis& x, const Axis& y) {
  constexpr double kApart = 8;
  std::vector<Place> markers;
  for (const ParetoPoint& point : chart.points) {
    const auto same = [&](const ParetoPoint& other) { return other.cost == point.cost; };
    const auto all = static_cast<double>(std::ranges::count_if(chart.points, same));
    const auto before = static_cast<double>(std::ranges::count_if(std::span(&chart.points[0], &point), same));
    markers.push_back({x.at(point.cost) + kApart * (before - (all - 1) / 2), y.at(point.quality)});
  }
  return markers;
}

void draw_point(Svg& svg, const ParetoPoint& point, const Place& at, const Axis& y, bool on_front) {
  if (point.interval) {
    const double top = y.at(point.interval->high), bottom = y.at(point.interval->low);
    std::string d = move_to(at.x, top) + line_to(at.x, bottom);
    const auto end = [&](double value, double back) {  // a stroke, or an arrow where the interval leaves the axis
      const double tip = y.at(value), side = y.holds(value) ? tip : tip + back;
      d += move_to(at.x - 3, side) + line_to(at.x, tip) + line_to(at.x + 3, side);
    };
    end(point.interval->high, 4);
    end(point.interval->low, -4);
    svg.path(d, colour_class(point.style) + " whisker");
  }
  if (on_front) svg.path(move_to(at.x - 7.5, at.y) + "a7.5 7.5 0 1 0 15 0a7.5 7.5 0 1 0 -15 0z", "ring");
  svg.marker(point.style, at.x, at.y, 4);
}

/// The label, if there is one, and where it stands far from its point a thin line to it.
void draw_label(Svg& svg, const ParetoPoint& point, const Place& marker, const Place& label) {
  if (point.label.empty()) return;
  const double middle = label.y - 4, end = label.x + text_width(point.label, kFont);
  if (std::abs(middle - marker.y) > 9)
    svg.line(marker.x, marker.y, label.x > marker.x ? label.x - 1 : end, middle, colour_class(point.style) + " leader");
  svg.text(label.x, label.y, point.label, "label");
}

}  // namespace

std::vector<bool> pareto_front(const std::vector<ParetoPoint>& points, bool higher_is_better) {
  const double sign = higher_is_better ? 1 : -1;
  std::vector<bool> front;
  for (const ParetoPoint& point : points)
    front.push_back(std::ranges::none_of(points, [&](const ParetoPoint& other) {
      const double better = sign * (other.quality - point.quality);
      return other.cost <= point.cost && better >= 0 && (other.cost < point.cost || better > 0);
    }));
  return front;
}

std::string pareto_svg(const ParetoChart& whole) {
  if (whole.points.empty()) return {};
  ParetoChart chart = whole;
  const double bottom = kTop + kPlot;
  const Axis x = cost_axis(chart.points, chart.unit), y(quality_range(chart), bottom, kTop);
  Svg svg(kChartWidth, bottom + kBottom, chart.axis + " against " + chart.costs);
  for (const Tick& tick : y.ticks(6)) {
    if (chart.bounds && (tick.at < chart.bounds->low || tick.at > chart.bounds->high)) continue;
    svg.line(kLeft - 3, y.at(tick.at), kChartWidth - kRight, y.at(tick.at), "rule");
    svg.text(kLeft - 6, y.at(tick.at) + 4, tick.label, "small end");
  }
  draw_bottom_axis(svg, x, cost_ticks(x, chart.unit), kTop, bottom, (kLeft + kChartWidth) / 2, chart.costs);
  svg.text(0, kTop - 12, chart.axis + (chart.higher_is_better ? " (higher is better)" : " (lower is better)"), "start");
  const std::vector<bool> front = pareto_front(chart.points, chart.higher_is_better);
  const std::vector<Place> markers = place_markers(chart, x, y), corners = staircase(front, markers);
  std::string stairs;
  for (const Place& at : corners) stairs += stairs.empty() ? move_to(at.x, at.y) : line_to(at.x, at.y);
  svg.path(stairs, "front");
  if (chart.joined) join_points(svg, chart.points, markers);
  for (std::size_t i = 0; i < markers.size(); ++i) draw_point(svg, chart.points[i], markers[i], y, front[i]);
  const std::vector<Place> labels = place_labels(chart.points, markers, obstacles(chart, y, markers, corners));
  for (std::size_t i = 0; i < labels.size(); ++i) draw_label(svg, chart.points[i], markers[i], labels[i]);
  return svg.str();
}

}  // namespace qkvbench::report
