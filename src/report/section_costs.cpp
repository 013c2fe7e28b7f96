// What a sweep varied, and what quality costs: charts over several groups of one data set.
// Groups that differ in a key of the task are other tasks, and never in one chart of costs.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "qkvbench/base/text.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/report/charts.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/summary_tables.hpp"

namespace qkvbench::report {

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

/// A number that is a cost of a run, 0 where it is none, and which tasks have it.
struct Cost {
  const char *name, *axis;
  Unit unit;
  double (*of)(const run::Record& record);
};
constexpr std::array<Cost, 4> kCosts{
    {{"parameters", "parameters", Unit::kCount,
      [](const run::Record& r) { return static_cast<double>(r.model.params_total); }},
     {"cache", "cache, bytes a token", Unit::kBytes,
      [](const run::Record& r) {
        const bool decodes = data::find_task(r.config.task.id).traits().decodes;
        return decodes ? static_cast<double>(r.model.kv_cache_bytes_per_token) : 0;
      }},
     {"time", "seconds of training", Unit::kCount,
      [](const run::Record& r) { return r.timing.train_s.value_or(r.timing.wall_s.value_or(0)); }},
     {"tokens", "tokens seen in training", Unit::kCount,
      [](const run::Record& r) { return static_cast<double>(r.train.tokens_seen); }}}};
constexpr double kLeastRatio = 1.02;  // between the least and the largest cost of a chart

/// Mean over a cell's runs; 0 where one has none.
double cost_of(const Cell& cell, const Cost& cost) {
  double sum = 0, n = 0;
  for (const Sample& sample : cell.samples) {
    if (sample.record == nullptr || !sample.value) continue;
    const double one = cost.of(*sample.record);
    if (!(one > 0)) return 0;
    sum += one;
    ++n;
  }
  return n > 0 ? sum / n : 0;
}

bool is_of_task(const std::string& key) { return std::string_view(run::find_option(key, "").group) == "Task"; }

/// A data set, and the values of the task's own keys: "lm/stories, seq_len 64".
Group task_of(const Group& group) {
  Group task = group;
  std::erase_if(task.settings, [](const auto& setting) { return !is_of_task(setting.first); });
  return task;
}

/// By `of`, in the order in which they come.
std::vector<std::pair<Group, std::vector<Group>>> gathered(const Summary& summary, Group (*of)(const Group& group)) {
  std::vector<std::pair<Group, std::vector<Group>>> all;
  for (const Group& group : summary.groups) {
    const Group name = of(group);
    auto known = std::ranges::find(all, name, &std::pair<Group, std::vector<Group>>::first);
    if (known == all.end()) known = all.insert(known, {name, {}});
    known->second.push_back(group);
  }
  return all;
}

std::string cost_svg(const PageInput& input, const std::vector<Group>& groups, const Cost& cost) {
  const Metric& metric = metric_of(groups.front().task);
  ParetoChart chart{directed(metric), metric.higher_is_better, {}, {}, cost.axis, cost.unit, groups.size() > 1};
  if (metric.is_share) chart.bounds = Interval{0, 1};
  for (const Group& group : groups)
    for (const Arm& arm : input.summary.arms)
      if (const Cell* cell = input.summary.cell(group, arm); cell != nullptr && cell->mean)
        if (const double x = cost_of(*cell, cost); x > 0)
          chart.points.push_back(
              {arm.name(), style_of(arm, input.summary), x, *cell->mean, chart.joined ? std::nullopt : cell->interval});
  if (chart.points.empty()) return {};
  const auto [low, high] = std::ranges::minmax_element(chart.points, {}, &ParetoPoint::cost);
  return high->cost < kLeastRatio * low->cost ? "" : pareto_svg(chart);
}

/// A key and those that move with it; what varies beside them.
struct Sweep {
  std::string key;
  std::vector<std::string> with{};  ///< keys that have one value at each value of the key
  std::vector<std::string> values{};
  std::vector<Settings> others{};  ///< all for which every arm has a mean at every value

  Settings of(const Group& group) const {
    Settings settings = group.settings;
    std::erase_if(settings, [&](const auto& setting) {
      return setting.first == key || std::ranges::find(with, setting.first) != with.end();
    });
    return settings;
  }
};

/// Whether groups of one value of `key` have one value of `other`.
bool follows(const std::vector<Group>& groups, const std::string& other, const std::string& key) {
  return std::ranges::all_of(groups, [&](const Group& a) {
    return std::ranges::all_of(
        groups, [&](const Group& b) { return a.value(key) != b.value(key) || a.value(other) == b.value(other); });
  });
}

const Cell* cell_at(const Summary& summary, const Group& data, const Sweep& sweep, const Settings& others,
                    const std::string& value, const Arm& arm) {
  for (const Cell& cell : summary.cells)
    if (cell.arm == arm && cell.group.data == data.data && cell.group.value(sweep.key) == value &&
        sweep.of(cell.group) == others)
      return cell.mean ? &cell : nullptr;
  return nullptr;
}

std::vector<Arm> arms_of(const Summary& summary, const Group& data) {
  std::vector<Arm> arms;
  for (const Arm& arm : summary.arms)
    if (std::ranges::any_of(summary.cells, [&](const Cell& c) { return c.arm == arm && c.group.data == data.data; }))
      arms.push_back(arm);
  return arms;
}

Sweep sweep_of(const Summary& summary, const Group& data, const std::vector<Group>& groups, const std::string& key) {
  Sweep sweep{key};
  for (const auto& [other, value] : groups.front().settings)
    if (other != key && follows(groups, other, key)) sweep.with.push_back(other);
  std::vector<Settings> others;
  for (const Group& group : groups) {
    const std::string value = group.value(key);
    if (std::ranges::find(sweep.values, value) == sweep.values.end()) sweep.values.push_back(value);
    if (std::ranges::find(others, sweep.of(group)) == others.end()) others.push_back(sweep.of(group));
  }
  const std::vector<Arm> arms = arms_of(summary, data);
  for (const Settings& one : others)
    if (std::ranges::all_of(sweep.values, [&](const std::string& value) {
          return std::ranges::all_of(
              arms, [&](const Arm& arm) { return cell_at(summary, data, sweep, one, value, arm) != nullptr; });
        }))
      sweep.others.push_back(one);
  return sweep;
}

/// Where the values lie, from 0 to 1: numbers by their size, or its logarithm over a factor of eight and more; texts
/// one beside the other.
std::vector<double> places_of(const std::vector<std::string>& values) {
  constexpr double kMargin = 0.04, kLogFrom = 8;
  std::vector<double> at;
  for (const std::string& value : values) {
    char* end = nullptr;
    at.push_back(std::strtod(value.c_str(), &end));
    if (*end != '\0') at.back() = NAN;
  }
  if (std::ranges::any_of(at, [](double x) { return !std::isfinite(x); }))
    for (std::size_t i = 0; i < at.size(); ++i) at[i] = static_cast<double>(i);
  else if (std::ranges::min(at) > 0 && std::ranges::max(at) >= kLogFrom * std::ranges::min(at))
    for (double& x : at) x = std::log(x);
  const auto [low, high] = std::ranges::minmax(at);
  for (double& x : at) x = kMargin + (1 - 2 * kMargin) * (x - low) / (high - low);
  return at;
}

std::string sweep_svg(const PageInput& input, const Group& data, const Sweep& sweep) {
  const Metric& metric = metric_of(data.task);
  CurvesChart chart{directed(metric), Scale::kLinear, {}, "By " + sweep.key, sweep.key, true};
  if (metric.is_share) chart.bounds = Interval{0, 1};
  const std::vector<double> places = places_of(sweep.values);
  for (std::size_t i = 0; i < places.size(); ++i) chart.ticks.push_back({places[i], sweep.values[i]});
  for (const Arm& arm : arms_of(input.summary, data)) {
    CurveLine line{arm.name(), style_of(arm, input.summary), {}};
    for (std::size_t i = 0; i < places.size(); ++i) {
      BandPoint point{places[i], 0, 0, 0};
      for (const Settings& others : sweep.others) {
        const Cell& cell = *cell_at(input.summary, data, sweep, others, sweep.values[i], arm);
        const Interval interval =
            sweep.others.size() == 1 && cell.interval ? *cell.interval : Interval{*cell.mean, *cell.mean};
        const auto n = static_cast<double>(sweep.others.size());
        point.mean += *cell.mean / n;
        point.low += interval.low / n;
        point.high += interval.high / n;
      }
      line.points.push_back(point);
    }
    std::ranges::sort(line.points, {}, &BandPoint::share);
    chart.lines.push_back(line);
  }
  return curves_svg(chart);
}

}  // namespace

std::vector<Chart> costs_of(const PageInput& input) {
  std::vector<Chart> charts;
  for (const auto& [task, groups] : gathered(input.summary, task_of))
    for (const Cost& cost : kCosts)
      if (const std::string svg = cost_svg(input, groups, cost); !svg.empty())
        charts.push_back({task.name() + ", by " + cost.name, svg});
  return charts;
}

std::vector<Chart> sweeps_of(const PageInput& input) {
  std::vector<Chart> charts;
  for (const auto& [data, groups] : gathered(input.summary, [](const Group& g) { return Group{g.task, g.data}; })) {
    std::vector<std::string> seen;  // a key that moves with an earlier one, and that with it, is the same axis
    for (const auto& [key, first] : groups.front().settings) {
      const Sweep sweep = sweep_of(input.summary, data, groups, key);
      const bool known = std::ranges::any_of(
          sweep.with, [&](const std::string& other) { return std::ranges::find(seen, other) != seen.end(); });
      if (known || sweep.values.size() < 2 || sweep.others.empty()) continue;
      seen.push_back(key);
      std::string title = data.name() + ", by " + key;
      if (!sweep.with.empty()) title += " (with " + join(sweep.with) + ")";
      if (sweep.others.size() > 1) title += ": mean of " + counted(sweep.others.size(), "other setting");
      charts.push_back({title, sweep_svg(input, data, sweep)});
    }
  }
  return charts;
}

}  // namespace qkvbench::report
