// Grouping by maps whose order is that of every listing, so that no result depends on the order of the records.
// What is averaged and what is refused is decided here, nowhere else.
#include "qkvbench/report/summary.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/report/mean_interval.hpp"

namespace qkvbench::report {

namespace {

using experiment::Config;
using experiment::Record;

constexpr Metric kAccuracy{"test_accuracy", "accuracy", true, true},
    kPerplexity{"perplexity", "perplexity", false, false};

/// What makes two runs of different arms a pair.
using Pair = std::pair<std::string, std::uint64_t>;  // configuration, seed

/// All runs of one task, by arm.
struct TaskRuns {
  std::set<Pair> pairs;
  std::map<std::string, index_t> heads;          // of each configuration
  std::map<Arm, std::map<Pair, Sample>> by_arm;  // arms of the plan may have none

  void expect(const Config& config) {
    const Pair pair{common_configuration(config), config.seed};
    pairs.insert(pair);
    heads[pair.first] = config.heads;
    by_arm[arm_of(config)];
  }
  bool possible(const Arm& arm, const std::string& configuration) const {
    const index_t all = heads.at(configuration);
    return arm.kv_heads == 0 || (arm.kv_heads < all && all % arm.kv_heads == 0);
  }
  std::size_t expected(const Arm& arm) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(pairs, [&](const Pair& pair) { return possible(arm, pair.first); }));
  }
};

/// The place of an arm in every listing.
auto order_of(const Arm& arm) {
  const nn::Variant variant = nn::parse_variant(arm.variant);
  return std::tuple(variant.sharing - nn::all_sharings().data(), variant.plus, arm.kv_heads != 0, -arm.kv_heads);
}

std::vector<double> values_of(const std::vector<Sample>& samples) {
  std::vector<double> values;
  for (const Sample& sample : samples)
    if (sample.value) values.push_back(*sample.value);
  return values;
}

/// Numbers that belong to configurations, as clusters; `of` and `values` stand side by side, equal ones together.
std::vector<std::vector<double>> clusters_of(const std::vector<std::string>& of, const std::vector<double>& values) {
  std::vector<std::vector<double>> clusters;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == 0 || of[i] != of[i - 1]) clusters.emplace_back();
    clusters.back().push_back(values[i]);
  }
  return clusters;
}

/// What is drawn independently: the configurations, each by the mean of its seeds; of one configuration the seeds.
std::vector<double> units_of(const std::vector<std::vector<double>>& clusters) {
  if (clusters.size() == 1) return clusters[0];
  std::vector<double> units;
  for (const std::vector<double>& cluster : clusters) units.push_back(mean(cluster));
  return units;
}

Cell make_cell(const std::string& task, const Arm& arm, const TaskRuns& runs, bool allow_missing) {
  Cell cell;
  cell.task = task;
  cell.arm = arm;
  cell.expected = runs.expected(arm);
  std::vector<std::string> configurations;
  for (const auto& [pair, sample] : runs.by_arm.at(arm)) {
    cell.samples.push_back(sample);
    if (sample.value) configurations.push_back(pair.first);
  }
  const std::vector<double> values = values_of(cell.samples);
  const auto clusters = clusters_of(configurations, values);
  cell.configurations = clusters.size();
  const bool is_share = metric_of(task).is_share;
  if (is_share)
    cell.solved_runs =
        static_cast<std::size_t>(std::ranges::count_if(values, [](double value) { return value >= kSolved; }));
  if (values.empty() || (cell.missing() > 0 && !allow_missing)) return cell;
  cell.mean = mean(values);
  cell.deviation = deviation(values);
  cell.interval = mean_interval(units_of(clusters), population_of_values(task));
  if (is_share) cell.solved = static_cast<double>(cell.solved_runs) / static_cast<double>(values.size());
  return cell;
}

/// None when the two have no pair.
std::optional<Difference> make_difference(const std::string& task, const Arm& arm, const Arm& baseline,
                                          const TaskRuns& runs) {
  Difference difference;
  difference.task = task;
  difference.arm = arm;
  difference.baseline = baseline;
  difference.relative = !metric_of(task).is_share;
  difference.expected = runs.expected(arm);
  std::vector<std::string> configurations;
  const auto& others = runs.by_arm.at(baseline);
  for (const auto& [pair, sample] : runs.by_arm.at(arm)) {
    const auto other = others.find(pair);
    if (other == others.end() || !sample.value || !other->second.value) continue;
    const double base = *other->second.value;
    if (difference.relative && base == 0) continue;
    difference.differences.push_back((*sample.value - base) / (difference.relative ? base : 1));
    configurations.push_back(pair.first);
  }
  if (difference.differences.empty()) return std::nullopt;
  difference.test = paired_test(difference.differences);
  const std::vector<double> units = units_of(clusters_of(configurations, difference.differences));
  const Population population = population_of_differences(task);
  difference.interval = mean_interval(units, population);
  const std::optional<Sides> sides = mean_sides(units, population, 0);
  difference.test.p = sides ? std::optional(sides->both()) : std::nullopt;
  return difference;
}

/// Corrects the p-values of one task for there being several.
void correct(std::span<Difference> differences) {
  std::vector<double> p;
  for (const Difference& d : differences)
    if (d.test.p) p.push_back(*d.test.p);
  const std::vector<double> adjusted = holm(p);
  std::size_t next = 0;
  for (Difference& d : differences)
    if (d.test.p) d.p_holm = adjusted[next++];
}

std::map<std::string, TaskRuns> gather(const std::vector<Record>& records, const SummaryOptions& options) {
  std::map<std::string, TaskRuns> tasks;
  for (const Config& config : options.planned) tasks[config.task].expect(config);
  for (const Record& record : records) {
    TaskRuns& runs = tasks[record.config.task];
    runs.expect(record.config);
    Sample sample{common_configuration(record.config), record.config.seed, std::nullopt, &record};
    const auto metric = record.metrics.find(metric_of(record.config.task).key);
    if (record.status == experiment::Status::kCompleted && metric != record.metrics.end())
      sample.value = metric->second;
    const Pair pair{sample.configuration, sample.seed};
    if (!runs.by_arm[arm_of(record.config)].emplace(pair, sample).second)
      fail_internal("summarize: the run " + record.run + " is there twice");
  }
  return tasks;
}

/// Task by task; those of one task are corrected together.
void add_differences(const std::map<std::string, TaskRuns>& tasks, const Arm& baseline, Summary& summary) {
  for (const std::string& task : summary.tasks) {
    const TaskRuns& runs = tasks.at(task);
    const std::size_t first = summary.differences.size();
    for (const Arm& arm : summary.arms)
      if (arm != baseline && runs.by_arm.contains(arm) && runs.by_arm.contains(baseline))
        if (const auto difference = make_difference(task, arm, baseline, runs))
          summary.differences.push_back(*difference);
    correct(std::span(summary.differences).subspan(first));
  }
}

}  // namespace

const Metric& metric_of(const std::string& task) {
  return data::find_task(task).family == "gpt" ? kPerplexity : kAccuracy;
}

std::size_t Cell::with_value() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(samples, [](const Sample& sample) { return sample.value.has_value(); }));
}

const Cell* Summary::cell(const std::string& task, const Arm& arm) const {
  const auto found = std::ranges::find_if(cells, [&](const Cell& c) { return c.task == task && c.arm == arm; });
  return found == cells.end() ? nullptr : &*found;
}

const Difference* Summary::difference(const std::string& task, const Arm& arm) const {
  const auto found =
      std::ranges::find_if(differences, [&](const Difference& d) { return d.task == task && d.arm == arm; });
  return found == differences.end() ? nullptr : &*found;
}

Summary summarize(const std::vector<Record>& records, const SummaryOptions& options) {
  Summary summary;
  summary.builds = builds_of(records);
  if (summary.builds.size() > 1 && !options.mix_builds) fail_internal("summarize: the records are of several builds");
  const std::map<std::string, TaskRuns> tasks = gather(records, options);
  std::set<Arm> arms;
  for (const data::Task& task : data::all_tasks())
    if (const auto found = tasks.find(task.id); found != tasks.end()) {
      summary.tasks.push_back(task.id);
      for (const auto& [arm, samples] : found->second.by_arm) arms.insert(arm);
    }
  summary.arms.assign(arms.begin(), arms.end());
  std::ranges::sort(summary.arms, {}, order_of);
  for (const std::string& task : summary.tasks)
    for (const Arm& arm : summary.arms) {
      const TaskRuns& runs = tasks.at(task);
      if (!runs.by_arm.contains(arm)) continue;
      summary.cells.push_back(make_cell(task, arm, runs, options.allow_missing));
      const Cell& cell = summary.cells.back();
      summary.averages_incomplete |= cell.mean && cell.missing() > 0;
    }
  add_differences(tasks, options.baseline, summary);
  return summary;
}

}  // namespace qkvbench::report
