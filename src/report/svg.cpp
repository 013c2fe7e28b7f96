// Escaping, markers and elements. Coordinates have one decimal: a tenth of a unit is below what eyes can tell.
// Scales and ticks are in axis.cpp.
#include "qkvbench/report/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "qkvbench/formats/utf8.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

/// Bytes of the UTF-8 character that `text` begins with; 0 when it is none that XML allows.
std::size_t character_size(std::string_view text) {
  const formats::CodePoint c = formats::code_point_at(text, 0);
  const bool control = c.value < 0x20 && c.value != '\t' && c.value != '\n' && c.value != '\r';
  return control || c.value == 0xFFFE || c.value == 0xFFFF ? 0 : c.bytes;
}

std::string number(double x) { return short_number(x, 1); }

std::string attribute(std::string_view name, std::string_view value) {
  return value.empty() ? "" : " " + std::string(name) + "=\"" + escaped(value) + "\"";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    switch (size == 1 ? text[0] : '\0') {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += size == 0 ? "\uFFFD" : text.substr(0, size); break;
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string short_number(double x, int decimals) {
  std::string text = fixed(std::abs(x), decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return x < 0 && text != "0" && std::isfinite(x) ? "-" + text : text;  // SVG knows no other minus
}

double text_width(std::string_view text, double font_size) {
  return 0.6 * font_size * static_cast<double>(display_width(std::string(text)));
}

std::string move_to(double x, double y) { return "M" + number(x) + " " + number(y); }
std::string line_to(double x, double y) { return "L" + number(x) + " " + number(y); }

Svg::Svg(double width, double height, std::string_view label)
    : out_("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
           "\" role=\"img\"" + attribute("aria-label", label) + ">\n") {}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view css) {
  path(move_to(x1, y1) + line_to(x2, y2), css);
}

void Svg::path(std::string_view d, std::string_view css) {
  out_ += "<path" + attribute("class", css) + attribute("d", d) + "/>\n";
}

void Svg::text(double x, double y, std::string_view text, std::string_view css) {
  out_ += "<text" + attribute("class", css) + " x=\"" + number(x) + "\" y=\"" + number(y) + "\">" + escaped(text) +
          "</text>\n";
}

void Svg::dot(double x, double y, double radius, std::string_view css, std::string_view title) {
  out_ += "<circle" + attribute("class", css) + " cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" +
          number(radius) + "\"><title>" + escaped(title) + "</title></circle>\n";
}

namespace {

/// A shape of four equal arms, by the corners of a quarter of its outline, clockwise; the rest are its turns.
std::string cross(double x, double y, const std::array<std::pair<double, double>, 3>& quarter, double r) {
  std::string d;
  for (int turn = 0; turn < 4; ++turn)
    for (auto [u, v] : quarter) {
      for (int i = 0; i < turn; ++i) std::tie(u, v) = std::pair(v, -u);
      d += d.empty() ? move_to(x + r * u, y - r * v) : line_to(x + r * u, y - r * v);
    }
  return d + "z";
}

}  // namespace

void Svg::marker(const Style& style, double x, double y, double radius) {
  const double r = radius;
  std::string d;
  switch (style.shape) {
    case MarkerShape::kCircle:
      d = move_to(x - r, y) + "a" + number(r) + " " + number(r) + " 0 1 0 " + number(2 * r) + " 0a" + number(r) + " " +
          number(r) + " 0 1 0 " + number(-2 * r) + " 0z";
      break;
    case MarkerShape::kSquare:
      d = move_to(x - 0.9 * r, y - 0.9 * r) + "h" + number(1.8 * r) + "v" + number(1.8 * r) + "h" + number(-1.8 * r) +
          "z";
      break;
    case MarkerShape::kTriangle:
      d = move_to(x, y - 1.2 * r) + line_to(x + 1.1 * r, y + 0.8 * r) + line_to(x - 1.1 * r, y + 0.8 * r) + "z";
      break;
    case MarkerShape::kDiamond:
      d = move_to(x, y - 1.3 * r) + line_to(x + 1.2 * r, y) + line_to(x, y + 1.3 * r) + line_to(x - 1.2 * r, y) + "z";
      break;
    case MarkerShape::kInverted:
      d = move_to(x, y + 1.2 * r) + line_to(x + 1.1 * r, y - 0.8 * r) + line_to(x - 1.1 * r, y - 0.8 * r) + "z";
      break;
    case MarkerShape::kRight:
      d = move_to(x + 1.2 * r, y) + line_to(x - 0.8 * r, y + 1.1 * r) + line_to(x - 0.8 * r, y - 1.1 * r) + "z";
      break;
    case MarkerShape::kLeft:
      d = move_to(x - 1.2 * r, y) + line_to(x + 0.8 * r, y + 1.1 * r) + line_to(x + 0.8 * r, y - 1.1 * r) + "z";
      break;
    case MarkerShape::kPlus: d = cross(x, y, {{{0.4, 1.2}, {0.4, 0.4}, {1.2, 0.4}}}, r); break;
    case MarkerShape::kCross: d = cross(x, y, {{{1.13, 0.57}, {0.57, 0}, {1.13, -0.57}}}, r); break;
  }
  path(d, colour_class(style) + (style.hollow ? " hollow" : " full"));
  if (style.level == 0) return;
  const double s = 0.55 * r, t = 0.4 * r;
  d = style.level < 3 ? move_to(x - s, y) + line_to(x + s, y)
                      : move_to(x - t, y - t) + line_to(x + t, y + t) + move_to(x - t, y + t) + line_to(x + t, y - t);
  if (style.level == 2) d += move_to(x, y - s) + line_to(x, y + s);
  path(d, colour_class(style) + (style.hollow ? " inner" : " cut"));
}

std::string colour_class(const Style& style) {
  return "h" + std::to_string(style.hue) + (style.level > 0 ? " s" + std::to_string(style.level) : "");
}

std::string style_class(const Style& style) {
  return colour_class(style) + (style.dash > 0 ? " d" + std::to_string(style.dash) : "");
}

std::string marker_svg(const Style& style) {
  Svg svg(12, 12, "");
  svg.marker(style, 6, 6, 4);
  std::string out = svg.str();
  out.erase(std::remove(out.begin(), out.end(), '\n'), out.end());
  return out;
}

void draw_interval(Svg& svg, const Axis& axis, const Interval& interval, double y, std::string_view css) {
  const double x1 = axis.at(interval.low), x2 = axis.at(interval.high);
  std::string d = move_to(x1, y) + line_to(x2, y);
  const auto end = [&](double x, bool inside, double back) {
    if (inside)
      d += move_to(x, y - 3) + line_to(x, y + 3);
    else
      d += move_to(x + back, y - 3) + line_to(x, y) + line_to(x + back, y + 3);
  };
  end(x1, axis.holds(interval.low), 4);
  end(x2, axis.holds(interval.high), -4);
  svg.path(d, css);
}

}  // namespace qkvbench::report
