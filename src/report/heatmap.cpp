// Drawing cells as paths, one path for each step of colour.
// Sizes are in the units of the view box; a browser scales them.
#include "qkvbench/report/heatmap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "qkvbench/report/svg.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

constexpr int kSteps = 32;
constexpr double kMap = 148, kGap = 20, kTitle = 42, kHeading = 56, kLabels = 14;
constexpr std::size_t kMostPixels = 32;  // a side

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

/// The cells of a map in a square of side n, as one path for each step, the last of which is `largest`.
std::string cells(const Heatmap& map, std::size_t n, double largest) {
  std::array<std::string, kSteps> paths;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n;) {
      const auto step_of = [&](std::size_t column) {
        const double share = largest > 0 ? std::min(1.0, map.values[i * n + column] / largest) : 0;
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

double largest_of(const Heatmap& map) { return *std::ranges::max_element(map.values); }

/// Pixels in a box of one unit each, as one path for each colour of four bits a channel.
std::string pixels(const Image& image, std::size_t& height, std::size_t& width) {
  const std::size_t every = (std::max(image.height, image.width) + kMostPixels - 1) / kMostPixels;
  height = image.height / every;
  width = image.width / every;
  std::map<std::string, std::string> paths;
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x) {
      std::string colour = "#";
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t channel = image.channels == 3 ? c : 0;
        const double value = image.values[(channel * image.height + y * every) * image.width + x * every];
        colour += "0123456789abcdef"[std::lround(15 * std::clamp(value, 0.0, 1.0))];
      }
      paths[colour] += "M" + std::to_string(x) + " " + std::to_string(y) + "h1v1h-1z";
    }
  std::string out;
  for (const auto& [colour, path] : paths) out += "<path fill=\"" + colour + "\" d=\"" + path + "\"/>\n";
  return out;
}

/// A square of side `side` with its frame, in which `inside` is drawn on a scale of n units a side.
std::string framed(const std::string& inside, double left, double top, double side, std::size_t n) {
  return "<g transform=\"translate(" + number(left) + " " + number(top) + ") scale(" +
         number(side / static_cast<double>(n)) + ")\" shape-rendering=\"crispEdges\">\n<rect width=\"" +
         std::to_string(n) + "\" height=\"" + std::to_string(n) + "\" fill=\"#fff\"/>\n" + inside + "</g>\n<rect x=\"" +
         number(left) + "\" y=\"" + number(top) + "\" width=\"" + number(side) + "\" height=\"" + number(side) +
         "\" fill=\"none\" stroke=\"#888\" stroke-width=\"0.5\"/>\n";
}

/// What labels take of a map's side.
double inset_of(const std::vector<std::string>& labels) {
  if (labels.empty()) return 0;
  double inset = kLabels;
  for (const std::string& label : labels) inset = std::max(inset, text_width(label, 6.5) + 4);
  return std::min(inset, kMap / 3);
}

std::string one_map(const Heatmap& map, double x, double y, std::size_t n, const std::vector<std::string>& labels,
                    double largest) {
  const double inset = inset_of(labels), side = kMap - inset, cell = side / static_cast<double>(n);
  std::string out = text_at(x, y + 14, map.title, "font-size=\"11\" class=\"title\"") +
                    text_at(x, y + 26, map.note, "font-size=\"9\"");
  // Words would run into each other over the columns, which are the rows' once more.
  constexpr std::size_t kLongestOfColumn = 2;
  const bool over_columns =
      std::ranges::all_of(labels, [](const std::string& label) { return display_width(label) <= kLongestOfColumn; });
  const double top = y + kTitle - 10 + (over_columns ? inset : 0), left = x + inset;
  out += framed(cells(map, n, largest), left, top, side, n);
  const std::string size = "font-size=\"" + number(std::min(9.0, std::round(10 * cell) / 10)) + "\" text-anchor=";
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) * cell;
    out += text_at(left - 4, top + at + cell / 3, labels[i], size + "\"end\"");
    if (over_columns) out += text_at(left + at, top - 4, labels[i], size + "\"middle\"");
  }
  return out;
}

/// The scale's bar with its ends, and what rows and columns are.
std::string legend(const HeatmapGrid& grid, double largest) {
  std::string out = text_at(kGap, 42, "0", "font-size=\"10\"");
  constexpr double kBegin = kGap + 10, kStep = 2;
  for (int step = 0; step < kSteps; ++step)
    out += "<rect x=\"" + number(kBegin + kStep * step) + "\" y=\"34\" width=\"" + number(kStep + 0.2) +
           "\" height=\"9\" fill=\"" + colour(step) + "\"/>\n";
  out += "<rect x=\"" + number(kBegin) + "\" y=\"34\" width=\"" + number(kStep * kSteps) +
         "\" height=\"9\" fill=\"none\" stroke=\"#888\" stroke-width=\"0.5\"/>\n";
  out += text_at(kBegin + kStep * kSteps + 4, 42, fixed(largest, largest < 0.1 ? 3 : 2), "font-size=\"10\"");
  return out + text_at(kGap, 55, grid.axes, "font-size=\"10\"");
}

}  // namespace

std::string heatmap_svg(const Heatmap& map, std::size_t n, const std::vector<std::string>& labels, double largest) {
  constexpr std::size_t kLongestLabel = 2;
  const bool labelled = labels.size() == n && std::ranges::all_of(labels, [](const std::string& label) {
                          return display_width(label) <= kLongestLabel;
                        });
  const double inset = labelled ? 1.2 : 0, side = static_cast<double>(n) + inset;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"map\" viewBox=\"" + number(-inset) + " " +
                    number(-inset) + " " + number(side) + " " + number(side) + "\" role=\"img\" aria-label=\"" +
                    escaped(map.title) + "\">\n<g shape-rendering=\"crispEdges\">\n" +
                    cells(map, n, largest > 0 ? largest : largest_of(map)) + "</g>\n";
  for (std::size_t i = 0; labelled && i < n; ++i) {
    const std::string at = number(static_cast<double>(i) + 0.5), base = number(static_cast<double>(i) + 0.75);
    out += "<text class=\"middle\" x=\"-0.6\" y=\"" + base + "\">" + escaped(labels[i]) + "</text>" +
           "<text class=\"middle\" x=\"" + at + "\" y=\"-0.3\">" + escaped(labels[i]) + "</text>\n";
  }
  return out + "</svg>\n";
}

std::string image_svg(const Image& image, const std::string& title) {
  std::size_t height = 0, width = 0;
  const std::string inside = pixels(image, height, width);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"image\" viewBox=\"0 0 " + std::to_string(width) + " " +
         std::to_string(height) + "\" role=\"img\" aria-label=\"" + escaped(title) +
         "\">\n<g shape-rendering=\"crispEdges\">\n" + inside + "</g>\n</svg>\n";
}

std::string heatmap_grid_svg(const HeatmapGrid& grid, const std::vector<Heatmap>& maps, std::size_t n) {
  const std::size_t rows = (maps.size() + grid.columns - 1) / grid.columns, before = grid.image.channels > 0 ? 1 : 0;
  double largest = grid.largest;
  if (largest == 0)
    for (const Heatmap& map : maps) largest = std::max(largest, largest_of(map));
  const double width = std::max(kGap + static_cast<double>(grid.columns + before) * (kMap + kGap),
                                2 * kGap + text_width(grid.heading, 13)),
               height = kHeading + static_cast<double>(rows) * (kMap + kTitle) + kGap / 2;
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
      "\" width=\"" + number(width) + "\" height=\"" + number(height) +
      "\" font-family=\"sans-serif\" fill=\"#1b1f24\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  out += text_at(kGap, 22, grid.heading, "font-size=\"13\" font-weight=\"bold\"") + legend(grid, largest);
  if (before > 0) {
    std::size_t h = 0, w = 0;
    const std::string inside = pixels(grid.image, h, w);
    out += text_at(kGap, kHeading + 14, "the image", "font-size=\"11\"") +
           framed(inside, kGap, kHeading + kTitle - 10, kMap, std::max(h, w));
  }
  for (std::size_t i = 0; i < maps.size(); ++i)
    out += one_map(maps[i], kGap + static_cast<double>(i % grid.columns + before) * (kMap + kGap),
                   kHeading + static_cast<double>(i / grid.columns) * (kMap + kTitle), n, grid.labels, largest);
  return out + "</svg>\n";
}

}  // namespace qkvbench::report
