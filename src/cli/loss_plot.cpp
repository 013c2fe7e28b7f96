// Dots on a canvas of characters.
// A column of dots shows the mean of the points that fall into it.
#include "qkvbench/cli/loss_plot.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

constexpr std::size_t kLabels = 8, kLeastRows = 5, kLeastColumns = 24;
constexpr double kLogFrom = 10;  // times between the least loss and the largest

/// Characters of a grid of dots: braille has two beside each other and four below, ASCII one.
class Canvas {
 public:
  Canvas(std::size_t columns, std::size_t rows, bool unicode)
      : across_(unicode ? 2 : 1), down_(unicode ? 4 : 1), unicode_(unicode), cells_(rows, std::vector<int>(columns)) {}

  std::size_t width() const { return cells_[0].size() * across_; }
  std::size_t height() const { return cells_.size() * down_; }
  void set(std::size_t x, std::size_t y) {
    constexpr std::array<std::array<int, 2>, 4> kBits{{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}};
    cells_[y / down_][x / across_] |= kBits[y % down_][x % across_];
  }
  std::string row(std::size_t y) const {
    std::string out;
    for (const int bits : cells_[y])
      if (bits == 0)
        out += ' ';
      else if (unicode_)
        out += {static_cast<char>(0xE2), static_cast<char>(0xA0 | bits >> 6), static_cast<char>(0x80 | (bits & 0x3F))};
      else
        out += '*';
    return out;
  }

 private:
  std::size_t across_, down_;
  bool unicode_;
  std::vector<std::vector<int>> cells_;
};

/// From losses to rows of dots, the largest at the top.
struct Scale {
  double low, high;
  bool log;

  double share(double loss) const {
    return log ? std::log(loss / low) / std::log(high / low) : (loss - low) / (high - low);
  }
  double value(double share) const { return log ? low * std::pow(high / low, share) : low + share * (high - low); }
  std::size_t at(double loss, std::size_t height) const {
    return static_cast<std::size_t>(
        std::lround((1 - std::clamp(share(loss), 0.0, 1.0)) * static_cast<double>(height - 1)));
  }
};

Scale scale_of(const LossPlot& plot) {
  double low = std::isfinite(plot.level) ? plot.level : INFINITY,
         high = std::isfinite(plot.level) ? plot.level : -INFINITY;
  for (const train::CurvePoint& point : plot.curve) {
    low = std::min(low, point.train_loss);
    high = std::max(high, point.train_loss);
  }
  const bool log = low > 0 && high / low >= kLogFrom;
  if (!(high - low > 1e-9 * std::abs(high))) return {low - 0.5, high + 0.5, false};
  return {low, high, log};
}

/// Means of the points of each column of dots; none where there is no point.
std::vector<std::optional<double>> columns_of(const LossPlot& plot, std::size_t width) {
  std::vector<double> sums(width, 0), counts(width, 0);
  for (const train::CurvePoint& point : plot.curve) {
    const double share = static_cast<double>(point.step) / static_cast<double>(std::max<index_t>(plot.total_steps, 1));
    const auto x = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width - 1)));
    sums[x] += point.train_loss;
    ++counts[x];
  }
  std::vector<std::optional<double>> out(width);
  for (std::size_t x = 0; x < width; ++x)
    if (counts[x] > 0) out[x] = sums[x] / counts[x];
  return out;
}

/// The points joined by straight lines.
void draw(Canvas& canvas, const LossPlot& plot, const Scale& scale) {
  std::optional<std::size_t> last;
  std::size_t last_y = 0;
  const auto columns = columns_of(plot, canvas.width());
  for (std::size_t x = 0; x < columns.size(); ++x) {
    if (!columns[x]) continue;
    const std::size_t y = scale.at(*columns[x], canvas.height());
    const std::size_t from = last.value_or(x);
    std::size_t before = last ? last_y : y;
    for (std::size_t i = from; i <= x; ++i) {
      const double share = x == from ? 1 : static_cast<double>(i - from) / static_cast<double>(x - from);
      const auto here = static_cast<std::size_t>(
          std::lround(static_cast<double>(last ? last_y : y) * (1 - share) + static_cast<double>(y) * share));
      for (std::size_t dot = std::min(before, here); dot <= std::max(before, here); ++dot) canvas.set(i, dot);
      before = here;
    }
    last = x;
    last_y = y;
  }
  if (std::isfinite(plot.level))
    for (std::size_t x = 0; x < canvas.width(); x += 4) canvas.set(x, scale.at(plot.level, canvas.height()));
}

std::string padded(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, report::display_width(text)), ' ') + text;
}

/// The row of an axis: where it begins and ends, in steps.
std::string steps_row(const LossPlot& plot, std::size_t columns) {
  const std::string end = with_commas(plot.total_steps) + " steps";
  return padded("0", kLabels + 1) + padded(end, columns - kLabels - 1);
}

}  // namespace

std::string plot_text(const LossPlot& whole, std::size_t columns, std::size_t rows, bool unicode) {
  if (rows < kLeastRows || columns < kLeastColumns) return {};
  LossPlot plot = whole;
  std::erase_if(plot.curve, [](const train::CurvePoint& point) { return !std::isfinite(point.train_loss); });
  const std::size_t height = rows - 3;
  Canvas canvas(columns - kLabels - 1, height, unicode);
  std::string out = plot.title + "\n";
  if (plot.curve.empty()) {
    for (std::size_t y = 0; y < height; ++y) out += std::string(kLabels, ' ') + (unicode ? "│\n" : "|\n");
  } else {
    const Scale scale = scale_of(plot);
    draw(canvas, plot, scale);
    for (std::size_t y = 0; y < height; ++y) {
      const bool labelled = y == 0 || y == height - 1 || (height % 2 == 1 && y == height / 2);
      const double value = scale.value(1 - static_cast<double>(y) / static_cast<double>(height - 1));
      out += padded(labelled ? report::fixed(value, std::abs(value) < 100 ? 3 : 0) + " " : "", kLabels) +
             (unicode ? (labelled ? "┤" : "│") : "|") + canvas.row(y) + "\n";
    }
  }
  out += std::string(kLabels, ' ') + (unicode ? "└" : "+");
  for (std::size_t x = kLabels + 1; x < columns; ++x) out += unicode ? "─" : "-";
  return out + "\n" + steps_row(plot, columns);
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    std::string locale = value;
    std::ranges::transform(locale, locale.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace qkvbench::cli
