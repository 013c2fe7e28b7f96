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
  // Counted in whole steps: sums of steps would drift.
  double step = 0, first = 0, last = 0;
  const auto count = [&](double candidate) {
    step = candidate;
    first = std::ceil(values_.low / step - kSlack);
    last = std::floor(values_.high / step + kSlack);
    return last - first + 1;
  };
  const double power = std::pow(10, std::floor(std::log10((values_.high - values_.low) / most)));
  for (std::size_t i = 0; count(kRound[i % 3] * power * std::pow(10, i / 3)) > most; ++i) {
  }
  std::vector<Tick> ticks;
  for (double i = first; i <= last; ++i) ticks.push_back({i * step, fixed(i * step, decimals_of(step))});
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
  constexpr std::size_t kEnough = 3;  // on less than about a decade the round values of a linear axis say more
  const std::vector<Tick> decades = decade_ticks(most);
  return decades.size() >= kEnough ? decades : linear_ticks(most);
}

std::vector<Tick> Axis::size_ticks(int most) const {
  const int first = static_cast<int>(std::ceil(std::log2(values_.low) - kSlack)),
            last = static_cast<int>(std::floor(std::log2(values_.high) + kSlack));
  const int step = std::max(1, (last - first + most) / most);
  std::vector<double> values;
  for (int power = first; power <= last; power += step) values.push_back(std::exp2(power));
  if (values.size() < 2)  // and half as much again: 384 B beside 512 B
    for (int power = first - 1; power <= last; ++power)
      if (const double value = 1.5 * std::exp2(power); holds(value)) values.push_back(value);
  std::ranges::sort(values);
  std::vector<Tick> ticks;
  for (const double value : values) ticks.push_back({value, size_text(value)});
  return ticks;
}

Interval padded_range(Interval values, double least, double margin) {
  const double missing = std::max(0.0, least - (values.high - values.low)) / 2;
  const double low = values.low - missing, high = values.high + missing;
  return {low - margin * (high - low), high + margin * (high - low)};
}

}  // namespace qkvbench::report
