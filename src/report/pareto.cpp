// Quality against bytes, the points that no other beats joined by a line.
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

Axis bytes_axis(const std::vector<ParetoPoint>& points) {
  const auto [low, high] = std::ranges::minmax_element(points, {}, &ParetoPoint::bytes);
  const double ratio = std::max(high->bytes / low->bytes, 2.0), margin = std::pow(ratio, 0.25);
  return {{low->bytes / margin, high->bytes * margin * (high->bytes / low->bytes < 2 ? 2 : 1)},
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

/// Points of the same size stand beside each other, so that their intervals do not hide one another.
std::vector<Place> place_markers(const ParetoChart& chart, const Axis& x, const Axis& y) {
  constexpr double kApart = 8;
  std::vector<Place> markers;
  for (const ParetoPoint& point : chart.points) {
    const auto same = [&](const ParetoPoint& other) { return other.bytes == point.bytes; };
    const auto all = static_cast<double>(std::ranges::count_if(chart.points, same));
    const auto before = static_cast<double>(std::ranges::count_if(std::span(&chart.points[0], &point), same));
    markers.push_back({x.at(point.bytes) + kApart * (before - (all - 1) / 2), y.at(point.quality)});
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
    svg.path(d, "h" + std::to_string(point.style.hue) + " whisker");
  }
  if (on_front) svg.path(move_to(at.x - 7.5, at.y) + "a7.5 7.5 0 1 0 15 0a7.5 7.5 0 1 0 -15 0z", "ring");
  svg.marker(point.style, at.x, at.y, 4);
}

/// The label, and where it stands far from its point a thin line to it.
void draw_label(Svg& svg, const ParetoPoint& point, const Place& marker, const Place& label) {
  const double middle = label.y - 4, end = label.x + text_width(point.label, kFont);
  if (std::abs(middle - marker.y) > 9)
    svg.line(marker.x, marker.y, label.x > marker.x ? label.x - 1 : end, middle,
             "h" + std::to_string(point.style.hue) + " leader");
  svg.text(label.x, label.y, point.label, "label");
}

}  // namespace

std::vector<bool> pareto_front(const std::vector<ParetoPoint>& points, bool higher_is_better) {
  const double sign = higher_is_better ? 1 : -1;
  std::vector<bool> front;
  for (const ParetoPoint& point : points)
    front.push_back(std::ranges::none_of(points, [&](const ParetoPoint& other) {
      const double better = sign * (other.quality - point.quality);
      return other.bytes <= point.bytes && better >= 0 && (other.bytes < point.bytes || better > 0);
    }));
  return front;
}

std::string pareto_svg(const ParetoChart& chart) {
  if (chart.points.empty()) return {};
  const double bottom = kTop + kPlot;
  const Axis x = bytes_axis(chart.points), y(quality_range(chart), bottom, kTop);
  Svg svg(kChartWidth, bottom + kBottom, chart.axis + " against bytes of the cache");
  for (const Tick& tick : y.ticks(6)) {
    if (chart.bounds && (tick.at < chart.bounds->low || tick.at > chart.bounds->high)) continue;
    svg.line(kLeft - 3, y.at(tick.at), kChartWidth - kRight, y.at(tick.at), "rule");
    svg.text(kLeft - 6, y.at(tick.at) + 4, tick.label, "small end");
  }
  draw_bottom_axis(svg, x, x.size_ticks(6), kTop, bottom, (kLeft + kChartWidth) / 2, "cache, bytes a token");
  svg.text(0, kTop - 12, chart.axis + (chart.higher_is_better ? " (higher is better)" : " (lower is better)"), "start");
  const std::vector<bool> front = pareto_front(chart.points, chart.higher_is_better);
  const std::vector<Place> markers = place_markers(chart, x, y), corners = staircase(front, markers);
  std::string stairs;
  for (const Place& at : corners) stairs += stairs.empty() ? move_to(at.x, at.y) : line_to(at.x, at.y);
  svg.path(stairs, "front");
  for (std::size_t i = 0; i < markers.size(); ++i) draw_point(svg, chart.points[i], markers[i], y, front[i]);
  const std::vector<Place> labels = place_labels(chart.points, markers, obstacles(chart, y, markers, corners));
  for (std::size_t i = 0; i < labels.size(); ++i) draw_label(svg, chart.points[i], markers[i], labels[i]);
  return svg.str();
}

}  // namespace qkvbench::report
