// The four kinds of chart, each from plain numbers to one SVG of 360 units' width: a phone's, and a column's of a page.
// Knows nothing of records; what is drawn, and how each arm looks, comes from outside.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/report/svg.hpp"

namespace qkvbench::report {

// ---- Strip: every run as a dot, below it mean and interval. A row an arm.

struct Dot {
  double value;
  std::string title;  ///< shown when it is pointed at
};
struct StripRow {
  std::string label;
  Style style;
  std::vector<Dot> dots;
  std::optional<double> mean;
  std::optional<Interval> interval;
  std::optional<double> paper, rerun;  ///< what others found
  std::string note;                    ///< at the row's end
};
struct GuideLine {
  double at;
  std::string label;
};
struct StripChart {
  std::string axis, notes;  ///< titles of the axis and of the rows' notes
  std::vector<StripRow> rows;
  std::vector<GuideLine> lines;    ///< drawn when they lie in the range of the runs
  std::optional<Interval> bounds;  ///< beyond which no value can be
};
std::string strip_svg(const StripChart& chart);

// ---- Curves: a line an arm with its band.

/// A share of the run's steps, and the value there.
using CurveOfRun = std::vector<std::pair<double, double>>;
struct BandPoint {
  double share, mean, low, high;  ///< low and high: quartiles of the runs
};
/// At most `most` points, evenly spaced over the run, of the mean and the middle half of all runs. A point of a run is
/// what it measured since its point before, so it stands for all shares between them. runs: none empty.
std::vector<BandPoint> band_of(const std::vector<CurveOfRun>& runs, std::size_t most = 60);

struct CurveLine {
  std::string label;
  Style style;
  std::vector<BandPoint> points;
};
struct CurvesChart {
  std::string axis;
  Scale scale = Scale::kLinear;
  std::vector<CurveLine> lines;
  std::string what = "Learning curves", shares = "of the run's steps";  ///< what it is, and what shares are of
  bool marked = false;                                                  ///< at every point, not here and there
  double most = 1;                                                      ///< share at the right end
  std::vector<Tick> ticks{};                                            ///< of the shares; none: per cent
  std::optional<Interval> bounds{};                                     ///< beyond which no value can be
};
/// Lines are labelled at their ends. An empty chart is an empty text.
std::string curves_svg(const CurvesChart& chart);

// ---- Forest: differences from a baseline with their intervals.

struct ForestRow {
  std::string label;
  Style style;
  double effect;
  std::optional<Interval> interval;
  std::string note;
};
struct ForestChart {
  std::string axis, notes, left, right;  ///< left, right: what it means to lie there: "worse", "better"
  std::vector<ForestRow> rows;
};
std::string forest_svg(const ForestChart& chart);

// ---- Pareto: quality against what it costs.

struct ParetoPoint {
  std::string label;
  Style style;
  double cost, quality;
  std::optional<Interval> interval;
};
enum class Unit { kBytes, kCount };
struct ParetoChart {
  std::string axis;  ///< of the quality
  bool higher_is_better = true;
  std::vector<ParetoPoint> points;
  std::optional<Interval> bounds;              ///< beyond which no quality can be
  std::string costs = "cache, bytes a token";  ///< title of their axis
  Unit unit = Unit::kBytes;                    ///< that costs are told in
  bool joined = false;                         ///< points of one label by a line, which is labelled once
};
/// Whether no other point is as good and as small, and better in one of the two.
std::vector<bool> pareto_front(const std::vector<ParetoPoint>& points, bool higher_is_better);
std::string pareto_svg(const ParetoChart& chart);

// ---- What charts share.

inline constexpr double kChartWidth = 360, kFont = 11;

/// The width of a column of labels at the left, and of notes at the right.
template <class Rows, class Text>
double column_width(const Rows& rows, Text text, double least, double most) {
  double width = least;
  for (const auto& row : rows) width = std::max(width, text_width(text(row), kFont) + 8);
  return std::min(width, most);
}

/// Grid lines and labels of a horizontal axis below a plot, and its title.
void draw_bottom_axis(Svg& svg, const Axis& axis, const std::vector<Tick>& ticks, double top, double bottom,
                      double title_x, const std::string& title);

/// Moves `at` (in any order) apart until neighbours are `gap` apart, within [low, high] when there is room, keeping
/// their order.
std::vector<double> spread_out(const std::vector<double>& at, double gap, double low, double high);

}  // namespace qkvbench::report
