// Charts with a size and a style sheet of their own, and names for their files.
// What they show is decided where the page's charts are.
#include "qkvbench/report/figures.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "qkvbench/report/sections.hpp"

namespace qkvbench::report {

namespace {

/// Letters, digits and - _ + . as they are, anything between them as one dash: a name that shells and LaTeX take.
std::string file_name(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       (c != '\0' && std::string("-_+.").find(c) != std::string::npos);
    if (plain || (!out.empty() && out.back() != '-')) out += plain ? c : '-';
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

void add(std::vector<Figure>& figures, const std::string& name, const std::string& svg) {
  const std::string base = file_name(name);
  std::string free = base;
  for (int i = 2; std::ranges::find(figures, free, &Figure::name) != figures.end(); ++i)
    free = base + "-" + std::to_string(i);
  figures.push_back({free, svg});
}

/// Width and height of a picture's view box.
std::pair<double, double> size_of(const std::string& svg) {
  const std::string box = "viewBox=\"";
  char* rest = nullptr;
  std::strtod(svg.c_str() + svg.find(box) + box.size(), &rest);
  std::strtod(rest, &rest);
  const double width = std::strtod(rest, &rest);
  return {width, std::strtod(rest, &rest)};
}

/// One column where letters are still large enough in it, else two.
double width_for(const std::string& svg) {
  constexpr double kMostInColumn = 400;  // units
  return size_of(svg).first <= kMostInColumn ? kColumn_mm : kTwoColumns_mm;
}

/// The picture's tag without an attribute.
std::string without(std::string tag, const std::string& attribute) {
  const std::size_t at = tag.find(" " + attribute + "=\"");
  if (at != std::string::npos) tag.erase(at, tag.find('"', at + attribute.size() + 3) + 1 - at);
  return tag;
}

}  // namespace

std::string standalone(const std::string& svg, double mm, const std::string& style) {
  const std::size_t end = svg.find('>');
  const auto [width, height] = size_of(svg);
  std::string tag = svg.substr(0, end);
  for (const char* attribute : {"width", "height", "font-family"}) tag = without(tag, attribute);
  return tag + " width=\"" + short_number(mm, 2) + "mm\" height=\"" + short_number(mm * height / width, 2) +
         "mm\" font-family=\"Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n" +
         (style.empty() ? "" : "<style>" + style + "</style>") + svg.substr(end + 1);
}

std::vector<Figure> figures_of(const PageInput& input) {
  std::vector<Figure> figures;
  for (const ChartPart& part : chart_parts())
    for (const Chart& chart : part.charts(input))
      add(figures, std::string(part.id) + "-" + chart.title, standalone(chart.svg, kColumn_mm, chart_style()));
  for (const Chart& chart : attention_grids(input))
    add(figures, "attention-" + chart.title, standalone(chart.svg, width_for(chart.svg), ""));
  return figures;
}

}  // namespace qkvbench::report
