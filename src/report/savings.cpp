// Ratios of costs, and the words for them.
// Counts are exact; a time is a measurement, so it has an interval or is not mentioned.
#include "qkvbench/report/savings.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

void widen(std::optional<Interval>& range, index_t part, index_t whole) {
  if (whole <= 0) return;
  const double ratio = static_cast<double>(part) / static_cast<double>(whole);
  if (!range) range = Interval{ratio, ratio};
  range->low = std::min(range->low, ratio);
  range->high = std::max(range->high, ratio);
}

/// Whether times of two runs can be set beside each other.
bool timed_alike(const run::Record& a, const run::Record& b) {
  return a.build == b.build && a.machine == b.machine && a.env.threads == b.env.threads &&
         a.timing.tokens_per_s.value_or(0) > 0 && b.timing.tokens_per_s.value_or(0) > 0;
}

void add_time(Savings& savings, const std::vector<std::vector<double>>& groups) {
  std::vector<double> units;
  for (const std::vector<double>& logs : groups) {
    savings.time_pairs += logs.size();
    if (groups.size() > 1)
      units.push_back(mean(logs));
    else
      units = logs;
  }
  constexpr std::size_t kFewest = 3;
  if (units.size() < kFewest || !(deviation(units).value_or(0) > 0)) return;
  const Interval logs = *t_interval(units);
  if (logs.low <= 0 && logs.high >= 0) return;
  savings.time = std::exp(mean(units));
  savings.time_interval = Interval{std::exp(logs.low), std::exp(logs.high)};
}

/// "8 %", "8–12 %" of what is less or more.
std::string share(double from, double to) {
  const std::string a = fixed(100 * std::abs(1 - from), 0), b = fixed(100 * std::abs(1 - to), 0);
  return a == b ? a + " %" : a + "–" + b + " %";
}

/// "8–12 % fewer"; of groups that differ in their sign the range of ratios: "0.97 to 1.02 times as many"
std::string compared(const Interval& ratio, const char* less, const char* more, const char* times) {
  if (ratio.high <= 1) return share(ratio.high, ratio.low) + " " + less;
  if (ratio.low >= 1) return share(ratio.low, ratio.high) + " " + more;
  return fixed(ratio.low, 2) + " to " + fixed(ratio.high, 2) + " times as " + times;
}

bool differs(const std::optional<Interval>& ratio) { return ratio && (ratio->low != 1 || ratio->high != 1); }

}  // namespace

Savings savings_of(const Summary& summary, const std::vector<Group>& groups, const Arm& arm, const Arm& baseline) {
  Savings savings;
  std::vector<std::vector<double>> times;
  for (const Group& group : groups) {
    const Cell *one = summary.cell(group, arm), *other = summary.cell(group, baseline);
    if (one == nullptr || other == nullptr) continue;
    const bool decodes = data::find_task(group.task).traits().decodes;
    std::vector<double> logs;  // ln(the arm's time / the baseline's) of each pair
    for (const Sample& a : one->samples)
      for (const Sample& b : other->samples) {
        if (a.configuration != b.configuration || a.seed != b.seed) continue;
        const run::ModelCosts &part = a.record->model, &whole = b.record->model;
        if (decodes) widen(savings.cache, part.kv_cache_bytes_per_token, whole.kv_cache_bytes_per_token);
        widen(savings.parameters, part.params_total, whole.params_total);
        if (timed_alike(*a.record, *b.record))
          logs.push_back(std::log(*b.record->timing.tokens_per_s / *a.record->timing.tokens_per_s));
      }
    if (!logs.empty()) times.push_back(std::move(logs));
  }
  add_time(savings, times);
  return savings;
}

std::string savings_text(const Savings& savings) {
  std::vector<std::string> parts;
  if (differs(savings.cache)) parts.push_back("its cache is " + compared(*savings.cache, "smaller", "larger", "large"));
  if (differs(savings.parameters))
    parts.push_back("it has " +
                    compared(*savings.parameters, "fewer parameters", "more parameters", "many parameters"));
  if (savings.time) {
    const Interval& in = *savings.time_interval;
    const bool less = *savings.time < 1;
    const double near = less ? in.high : in.low, far = less ? in.low : in.high;
    parts.push_back("its training took " + fixed(100 * std::abs(1 - *savings.time), 1) + " % [" +
                    fixed(100 * std::abs(1 - near), 1) + ", " + fixed(100 * std::abs(1 - far), 1) + "] " +
                    (less ? "less" : "more") + " time (" + counted(savings.time_pairs, "pair") + " of runs)");
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

}  // namespace qkvbench::report
