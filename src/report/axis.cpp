// Scales and round ticks.
// The labels of one axis have as many decimals as its step needs.
#include <algorithm>
#include <array>
#include <cmath>

#include "qkvbench/report/svg.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

constexpr std::array<double, 3> kRound{1, 2, 5};
constexpr double kSlack = 1e-9;  // of the range: a tick at its end counts although sums are inexact

int decimals_of(double step) { return std::max(0, static_cast<int>(-std::floor(std::log10(step) + kSlack))); }

}  // namespace

Axis::Axis(Interval values, double from, double to, Scale scale)
    : values_(values), from_(from), to_(to), scale_(scale) {}

double Axis::at(double value) const {
  const double inside = std::clamp(value, values_.low, values_.high);
  const double share = scale_ == Scale::kLinear ? (inside - values_.low) / (values_.high - values_.low)
                                                : std::log(inside / values_.low) / std::log(values_.high / values_.low);
  return from_ + share * (to_ - from_);
}

std::vector<Tick> Axis::linear_ticks(int most) const {
  const double range = values_.high - values_.low;
  const double power = std::pow(10, std::floor(std::log10(range / most)));
  double step = 10 * power;
  for (const double round : {5.0, 2.0, 1.0})
    if (range / (round * power) <= most) step = round * power;
  std::vector<Tick> ticks;
  // Counted in whole steps: sums of steps would drift.
  const double first = std::ceil(values_.low / step - kSlack), last = std::floor(values_.high / step + kSlack);
  for (double i = first; i <= last; ++i) ticks.push_back({i * step, fixed(i * step + 0.0, decimals_of(step))});
  return ticks;
}

std::vector<Tick> Axis::decade_ticks(int most) const {
  std::vector<Tick> fine, coarse;
  for (int power = static_cast<int>(std::floor(std::log10(values_.low)));
       power <= static_cast<int>(std::ceil(std::log10(values_.high))); ++power)
    for (const double round : kRound) {
      const double value = round * std::pow(10, power);
      if (value < values_.low * (1 - kSlack) || value > values_.high * (1 + kSlack)) continue;
      fine.push_back({value, fixed(value, std::max(0, -power))});
      if (round == 1) coarse.push_back(fine.back());
    }
  return static_cast<int>(fine.size()) <= most ? fine : coarse;
}

std::vector<Tick> Axis::ticks(int most) const {
  if (scale_ == Scale::kLinear) return linear_ticks(most);
  const std::vector<Tick> decades = decade_ticks(most);
  return decades.size() >= 2 ? decades : linear_ticks(most);  // less than a decade: round values of a linear axis
}

std::vector<Tick> Axis::size_ticks(int most) const {
  const int first = static_cast<int>(std::ceil(std::log2(values_.low) - kSlack)),
            last = static_cast<int>(std::floor(std::log2(values_.high) + kSlack));
  const int step = std::max(1, (last - first + most) / most);
  std::vector<Tick> ticks;
  for (int power = first; power <= last; power += step)
    ticks.push_back({std::exp2(power), size_text(std::exp2(power))});
  return ticks;
}

Interval padded_range(Interval values, double least, double margin) {
  const double missing = std::max(0.0, least - (values.high - values.low)) / 2;
  const double low = values.low - missing, high = values.high + missing;
  return {low - margin * (high - low), high + margin * (high - low)};
}

}  // namespace qkvbench::report
