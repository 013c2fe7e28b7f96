// What all charts share: escaped text, numbers, scales with round ticks, and a writer of SVG elements.
// Knows no chart; colours, widths and fonts are classes that the page's style sheet explains.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "qkvbench/report/statistics.hpp"

namespace qkvbench::report {

/// Text for XML and HTML, between tags or in a quoted attribute. Control characters and bytes that are no UTF-8
/// become U+FFFD.
std::string escaped(std::string_view text);

/// The shortest form with at most so many decimals, whatever the locale: "0.5", "-12", "3.14".
std::string short_number(double x, int decimals);

/// Units of the view box that a text of this font size takes at most, by a guess that suits wide fonts.
double text_width(std::string_view text, double font_size);

enum class Scale { kLinear, kLog };

/// A tick and what stands at it.
struct Tick {
  double at;
  std::string label;
};

/// Values of [low, high] laid on [from, to] of the picture; from > to turns the axis around.
class Axis {
 public:
  /// low < high; on a logarithmic scale low > 0.
  Axis(Interval values, double from, double to, Scale scale = Scale::kLinear);
  /// Where a value lies; those outside are laid on the nearer end.
  double at(double value) const;
  bool holds(double value) const { return value >= values_.low && value <= values_.high; }
  /// At most `most` round values within the range (steps of 1, 2 or 5 times a power of ten; on a logarithmic scale
  /// these or powers of ten alone).
  std::vector<Tick> ticks(int most) const;
  /// At most `most` powers of two within the range, as sizes: "512 B", "1 KiB"; if there is but one, half as much again
  /// of the powers too.
  std::vector<Tick> size_ticks(int most) const;

 private:
  std::vector<Tick> linear_ticks(int most) const;
  std::vector<Tick> decade_ticks(int most) const;

  Interval values_;
  double from_, to_;
  Scale scale_;
};

/// A range with a margin at both ends, at least `least` wide, for an axis.
Interval padded_range(Interval values, double least, double margin);

/// One for each row of nn::all_kinds(), in its order.
enum class MarkerShape { kCircle, kSquare, kTriangle, kDiamond, kInverted, kRight, kLeft, kPlus, kCross };
inline constexpr int kShapes = 9, kHues = 9;  ///< the hues are classes h0 … of the page's style sheet

/// How an arm looks in every chart: a colour, a marker and a dash, so that colour is not the only code.
struct Style {
  int hue = 0;  ///< class h0 … h8
  MarkerShape shape = MarkerShape::kCircle;
  bool hollow = false;
  int dash = 0;   ///< class d0 … d7; 0 is a full line
  int level = 0;  ///< class s0 … s3, paler each, with a stroke, a cross or a saltire within the marker
};

/// One picture. Coordinates are units of its view box; `css` are classes.
class Svg {
 public:
  /// `label` is what is read aloud in place of the picture.
  Svg(double width, double height, std::string_view label);
  void line(double x1, double y1, double x2, double y2, std::string_view css);
  void path(std::string_view d, std::string_view css);
  void text(double x, double y, std::string_view text, std::string_view css);
  /// A dot with a text that shows when it is pointed at.
  void dot(double x, double y, double radius, std::string_view css, std::string_view title);
  void marker(const Style& style, double x, double y, double radius);
  std::string str() const { return out_ + "</svg>\n"; }

 private:
  std::string out_;
};

/// The classes of a style: its colour and shade; and with its dash, for lines.
std::string colour_class(const Style& style);
std::string style_class(const Style& style);

/// A marker alone, to stand in a line of text.
std::string marker_svg(const Style& style);

/// "M1 2L3 4" of a point, for paths.
std::string move_to(double x, double y);
std::string line_to(double x, double y);

/// A horizontal interval with end strokes, or with an arrow where it leaves the axis.
void draw_interval(Svg& svg, const Axis& axis, const Interval& interval, double y, std::string_view css);

}  // namespace qkvbench::report
