// What charts share: an axis below, labels moved apart.
// Each kind of chart has its own file.
#include "qkvbench/report/charts.hpp"

#include <algorithm>
#include <numeric>

namespace qkvbench::report {

void draw_bottom_axis(Svg& svg, const Axis& axis, const std::vector<Tick>& ticks, double top, double bottom,
                      double title_x, const std::string& title) {
  for (const Tick& tick : ticks) {
    const double x = axis.at(tick.at);
    svg.line(x, top, x, bottom + 3, "rule");
    svg.text(x, bottom + 14, tick.label, "small middle");
  }
  // A title that is wider than the plot is shifted rather than cut.
  const double half = text_width(title, kFont) / 2;
  svg.text(std::max(half, std::min(title_x, kChartWidth - half)), bottom + 30, title, "middle");
}

std::vector<double> spread_out(const std::vector<double>& at, double gap, double low, double high) {
  std::vector<std::size_t> order(at.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return at[a] < at[b]; });
  std::vector<double> out = at;
  // Down to make room, then back up from the lower end, then down once more from the upper one.
  double least = low;
  for (const std::size_t i : order) least = (out[i] = std::max(out[i], least)) + gap;
  double most = high;
  for (auto i = order.rbegin(); i != order.rend(); ++i) most = (out[*i] = std::min(out[*i], most)) - gap;
  least = low;
  for (const std::size_t i : order) least = (out[i] = std::max(out[i], least)) + gap;
  return out;
}

}  // namespace qkvbench::report
