// Drawing cells as paths, one path for each step of colour.
// Sizes are in the units of the view box; a browser scales them.
#include "qkvbench/report/heatmap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "qkvbench/report/svg.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

constexpr int kSteps = 32;
constexpr double kMap = 220, kGap = 24, kTitle = 34, kHeading = 40, kLabels = 14;

std::string number(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.6g", x);
  return buffer;
}

/// White to dark blue: between three colours, lighter ones take more of the scale.
std::string colour(int step) {
  constexpr std::array<std::array<double, 3>, 3> kStops{{{255, 255, 255}, {94, 158, 204}, {8, 40, 92}}};
  const double at = 2.0 * step / (kSteps - 1);
  const std::size_t stop = at < 1 ? 0 : 1;
  const double part = at - static_cast<double>(stop);
  char buffer[8];
  std::array<int, 3> rgb{};
  for (std::size_t c = 0; c < 3; ++c)
    rgb[c] = static_cast<int>(std::lround(kStops[stop][c] + part * (kStops[stop + 1][c] - kStops[stop][c])));
  std::snprintf(buffer, sizeof(buffer), "#%02x%02x%02x", static_cast<unsigned>(rgb[0]), static_cast<unsigned>(rgb[1]),
                static_cast<unsigned>(rgb[2]));
  return buffer;
}

std::string text_at(double x, double y, const std::string& text, const std::string& attributes) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + attributes + ">" + escaped(text) + "</text>\n";
}

/// The cells of a map in a square of side n, as one path for each step.
std::string cells(const Heatmap& map, std::size_t n) {
  const double largest = *std::ranges::max_element(map.values);
  std::array<std::string, kSteps> paths;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n;) {
      const auto step_of = [&](std::size_t column) {
        const double share = largest > 0 ? map.values[i * n + column] / largest : 0;
        return static_cast<std::size_t>(std::lround(share * (kSteps - 1)));
      };
      const std::size_t step = step_of(j);
      std::size_t end = j + 1;
      while (end < n && step_of(end) == step) ++end;
      const std::string width = std::to_string(end - j);
      paths[step] += "M" + std::to_string(j) + " " + std::to_string(i) + "h" + width + "v1h-" + width + "z";
      j = end;
    }
  std::string out;
  for (int step = 1; step < kSteps; ++step)  // step 0 is the background
    if (const std::string& path = paths[static_cast<std::size_t>(step)]; !path.empty())
      out += "<path fill=\"" + colour(step) + "\" d=\"" + path + "\"/>\n";
  return out;
}

std::string one_map(const Heatmap& map, double x, double y, std::size_t n, const std::vector<std::string>& labels) {
  const double inset = labels.empty() ? 0 : kLabels, side = kMap - inset, cell = side / static_cast<double>(n);
  std::string out = text_at(x, y + 14, map.title, "class=\"title\"");
  const double top = y + kTitle - 10 + inset, left = x + inset;
  out += "<g transform=\"translate(" + number(left) + " " + number(top) + ") scale(" + number(cell) +
         ")\" shape-rendering=\"crispEdges\">\n<rect width=\"" + std::to_string(n) + "\" height=\"" +
         std::to_string(n) + "\" fill=\"#fff\"/>\n" + cells(map, n) + "</g>\n";
  out += "<rect x=\"" + number(left) + "\" y=\"" + number(top) + "\" width=\"" + number(side) + "\" height=\"" +
         number(side) + "\" fill=\"none\" stroke=\"#888\" stroke-width=\"0.5\"/>\n";
  // Words would run into each other over the columns, which are the rows' once more.
  constexpr std::size_t kLongestOfColumn = 2;
  const bool over_columns =
      std::ranges::all_of(labels, [](const std::string& label) { return display_width(label) <= kLongestOfColumn; });
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) * cell;
    out += text_at(left - 4, top + at + 3, labels[i], "class=\"row\"");
    if (over_columns) out += text_at(left + at, top - 4, labels[i], "class=\"column\"");
  }
  return out;
}

}  // namespace

std::string heatmap_svg(const Heatmap& map, std::size_t n, const std::vector<std::string>& labels) {
  constexpr std::size_t kLongestLabel = 2;
  const bool labelled = labels.size() == n && std::ranges::all_of(labels, [](const std::string& label) {
                          return display_width(label) <= kLongestLabel;
                        });
  const double inset = labelled ? 1.2 : 0, side = static_cast<double>(n) + inset;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map\" viewBox=\"" + number(-inset) + " " +
                    number(-inset) + " " + number(side) + " " + number(side) + "\" role=\"img\" aria-label=\"" +
                    escaped(map.title) + "\">\n<g shape-rendering=\"crispEdges\">\n" + cells(map, n) + "</g>\n";
  for (std::size_t i = 0; labelled && i < n; ++i) {
    const std::string at = number(static_cast<double>(i) + 0.5), base = number(static_cast<double>(i) + 0.75);
    out += "<text class=\"middle\" x=\"-0.6\" y=\"" + base + "\">" + escaped(labels[i]) + "</text>" +
           "<text class=\"middle\" x=\"" + at + "\" y=\"-0.3\">" + escaped(labels[i]) + "</text>\n";
  }
  return out + "</svg>\n";
}

std::string heatmap_grid_svg(const std::string& heading, const std::vector<Heatmap>& maps, std::size_t columns,
                             std::size_t n, const std::vector<std::string>& labels) {
  const std::size_t rows = (maps.size() + columns - 1) / columns;
  const double width = std::max(kGap + static_cast<double>(columns) * (kMap + kGap),
                                2 * kGap + 7.0 * static_cast<double>(heading.size())),
               height = kHeading + static_cast<double>(rows) * (kMap + kTitle) + kGap / 2;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
                    "\" width=\"" + number(width) + "\" height=\"" + number(height) +
                    "\" font-family=\"sans-serif\">\n<style>.heading{font-size:14px;font-weight:bold}"
                    ".title{font-size:11px}.row{font-size:9px;text-anchor:end}"
                    ".column{font-size:9px;text-anchor:middle}</style>\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  out += text_at(kGap, 24, heading, "class=\"heading\"");
  for (std::size_t i = 0; i < maps.size(); ++i)
    out += one_map(maps[i], kGap + static_cast<double>(i % columns) * (kMap + kGap),
                   kHeading + static_cast<double>(i / columns) * (kMap + kTitle), n, labels);
  return out + "</svg>\n";
}

}  // namespace qkvbench::report
