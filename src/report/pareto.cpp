// Quality against bytes, the points that no other beats joined by a line.
// Labels take the first place around their point where they cover nothing.
#include <algorithm>
#include <array>
#include <cmath>

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

/// Where each label begins (x) and stands (y, its baseline).
std::vector<Place> place_labels(const std::vector<ParetoPoint>& points, const std::vector<Place>& markers) {
  std::vector<Box> taken;
  for (const Place& at : markers) taken.push_back({at.x - 6, at.y - 6, at.x + 6, at.y + 6});
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
  return padded_range(range, 0.02 * std::abs(range.high) + 1e-9, 0.06);
}

Axis bytes_axis(const std::vector<ParetoPoint>& points) {
  const auto [low, high] = std::ranges::minmax_element(points, {}, &ParetoPoint::bytes);
  const double ratio = std::max(high->bytes / low->bytes, 2.0), margin = std::pow(ratio, 0.25);
  return {{low->bytes / margin, high->bytes * margin * (high->bytes / low->bytes < 2 ? 2 : 1)},
          kLeft,
          kChartWidth - kRight,
          Scale::kLog};
}

/// A staircase through the best points: to the next size nothing better is to be had.
std::string front_line(const ParetoChart& chart, const std::vector<bool>& front, const std::vector<Place>& markers) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < front.size(); ++i)
    if (front[i]) order.push_back(i);
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return chart.points[a].bytes < chart.points[b].bytes; });
  std::string d;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Place at = markers[order[k]];
    d += k == 0 ? move_to(at.x, at.y) : line_to(at.x, markers[order[k - 1]].y) + line_to(at.x, at.y);
  }
  return d.empty() ? d : d + line_to(kChartWidth - kRight, markers[order.back()].y);
}

void draw_point(Svg& svg, const ParetoPoint& point, const Place& at, const Axis& y, bool on_front) {
  if (point.interval) {
    const double top = y.at(point.interval->high), bottom = y.at(point.interval->low);
    svg.line(at.x, top, at.x, bottom, "h" + std::to_string(point.style.hue) + " whisker");
  }
  if (on_front) svg.path(move_to(at.x - 7.5, at.y) + "a7.5 7.5 0 1 0 15 0a7.5 7.5 0 1 0 -15 0z", "ring");
  svg.marker(point.style, at.x, at.y, 4);
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
    svg.line(kLeft - 3, y.at(tick.at), kChartWidth - kRight, y.at(tick.at), "grid");
    svg.text(kLeft - 6, y.at(tick.at) + 4, tick.label, "small end");
  }
  draw_bottom_axis(svg, x, x.size_ticks(6), kTop, bottom, (kLeft + kChartWidth) / 2, "cache, bytes a token");
  svg.text(0, kTop - 12, chart.axis + (chart.higher_is_better ? " (higher is better)" : " (lower is better)"), "start");
  const std::vector<bool> front = pareto_front(chart.points, chart.higher_is_better);
  std::vector<Place> markers;
  for (const ParetoPoint& point : chart.points) markers.push_back({x.at(point.bytes), y.at(point.quality)});
  svg.path(front_line(chart, front, markers), "front");
  for (std::size_t i = 0; i < markers.size(); ++i) draw_point(svg, chart.points[i], markers[i], y, front[i]);
  const std::vector<Place> labels = place_labels(chart.points, markers);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (std::abs(labels[i].y - markers[i].y) > 12)
      svg.line(markers[i].x, markers[i].y,
               labels[i].x > markers[i].x ? labels[i].x - 1 : labels[i].x + text_width(chart.points[i].label, kFont),
               labels[i].y - 4, "h" + std::to_string(chart.points[i].style.hue) + " leader");
    svg.text(labels[i].x, labels[i].y, chart.points[i].label, "label");
  }
  return svg.str();
}

}  // namespace qkvbench::report
