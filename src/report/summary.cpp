// Grouping by maps whose order is that of every listing, so that no result depends on the order of the records.
// What is averaged and what is refused is decided here, nowhere else.
#include "qkvbench/report/summary.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/report/mean_interval.hpp"

namespace qkvbench::report {

namespace {

using run::Config;
using run::Record;

constexpr Metric kAccuracy{"test_accuracy", "accuracy", true, true},
    kPerplexity{"perplexity", "perplexity", false, false};

/// What makes two runs of different arms a pair.
using Pair = std::pair<std::string, std::uint64_t>;  // configuration, seed

/// The same data by another path is the same data.
Pair pair_of(Config config, const std::vector<std::string>& matched) {
  config.task.corpus = Config().task.corpus, config.task.data.clear();
  return {common_configuration(config, matched), config.task.seed};
}

/// All runs of one group, by arm.
struct GroupRuns {
  Group group;
  std::vector<std::string> matched;  // keys that were chosen for each arm
  std::set<Pair> pairs;
  std::map<std::string, index_t> heads;          // of each configuration
  std::map<Arm, std::map<Pair, Sample>> by_arm;  // arms of the plan may have none

  void expect(const Config& config) {
    const Pair pair = pair_of(config, matched);
    pairs.insert(pair);
    heads[pair.first] = config.model.heads;
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
  return std::tuple(variant.place(), variant.plus, arm.kv_heads != 0, -arm.kv_heads, arm.options);
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

Cell make_cell(const Arm& arm, const GroupRuns& runs, bool allow_missing) {
  const std::string& task = runs.group.task;
  Cell cell;
  cell.group = runs.group;
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
std::optional<Difference> make_difference(const Arm& arm, const Arm& baseline, const GroupRuns& runs) {
  const std::string& task = runs.group.task;
  Difference difference;
  difference.group = runs.group;
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

/// Corrects the p-values of one group for there being several.
void correct(std::span<Difference> differences) {
  std::vector<double> p;
  for (const Difference& d : differences)
    if (d.test.p) p.push_back(*d.test.p);
  const std::vector<double> adjusted = holm(p);
  std::size_t next = 0;
  for (Difference& d : differences)
    if (d.test.p) d.p_holm = adjusted[next++];
}

/// The pairs on which most runs can be compared: those that all arms of some set have, the set being such that it has
/// most runs on them. Empty when no two arms share a pair.
std::set<Pair> shared_pairs(const GroupRuns& runs) {
  std::map<Pair, std::set<Arm>> having;
  for (const auto& [arm, samples] : runs.by_arm)
    for (const auto& [pair, sample] : samples) having[pair].insert(arm);
  std::set<std::set<Arm>> candidates;
  for (const auto& [pair, arms] : having)
    if (arms.size() > 1) candidates.insert(arms);
  std::set<Pair> best;
  std::pair<std::size_t, std::size_t> most;  // runs, arms
  for (const std::set<Arm>& arms : candidates) {
    std::set<Pair> pairs;
    std::size_t n = 0;
    for (const auto& entry : having) {
      const Pair& pair = entry.first;  // no binding: clang before 16 does not let a lambda capture it
      const auto has = [&](const Arm& arm) { return entry.second.contains(arm); };
      const auto lacks = [&](const Arm& arm) { return !has(arm) && runs.possible(arm, pair.first); };
      const auto held = static_cast<std::size_t>(std::ranges::count_if(arms, has));
      if (held == 0 || std::ranges::any_of(arms, lacks)) continue;
      pairs.insert(pair);
      n += held;
    }
    if (std::pair(n, arms.size()) > most) most = {n, arms.size()}, best = pairs;
  }
  return best;
}

/// Leaves the pairs that are shared, if any, and names the other runs.
void leave_shared(GroupRuns& runs, std::vector<NotCompared>& not_compared) {
  const std::set<Pair> shared = shared_pairs(runs);
  if (shared.empty()) return;
  runs.pairs = shared;
  for (auto& [arm, samples] : runs.by_arm) {
    NotCompared out{runs.group, arm, {}, "not every compared variant has such a run"};
    for (const auto& [pair, sample] : samples)
      if (!shared.contains(pair)) out.records.push_back(sample.record);
    std::erase_if(samples, [&](const auto& entry) { return !shared.contains(entry.first); });
    if (!out.records.empty()) not_compared.push_back(out);
  }
}

void add_record(GroupRuns& runs, const Record& record, std::vector<NotCompared>& not_compared) {
  runs.expect(record.config);
  const Pair pair = pair_of(record.config, runs.matched);
  Sample sample{pair.first, pair.second, std::nullopt, &record};
  if (record.status == run::Status::kCompleted)
    sample.value = record.metrics.value(metric_of(record.config.task.id).key);
  const Arm arm = arm_of(record.config);
  const auto [there, is_new] = runs.by_arm[arm].emplace(pair, sample);
  if (is_new) return;
  const Record& other = *there->second.record;
  if (record.run == other.run && record.training == other.training)
    fail_internal("summarize: the run " + record.run + " is there twice");
  not_compared.push_back(
      {runs.group, arm, {&record}, "it is the training of " + other.run + ", with the same data by another path"});
}

std::vector<GroupRuns> gather(const std::vector<Record>& records, const SummaryOptions& options, Summary& summary) {
  const Grouping grouping = group_runs(records, options.planned, options.telling);
  summary.groups = grouping.groups;
  summary.not_compared = grouping.not_compared;
  summary.remarks = grouping.remarks;
  if (const auto& matched = grouping.matched; !matched.empty())
    summary.remarks.push_back(join(matched) + (matched.size() == 1 ? " was" : " were") +
                              " chosen for each variant: runs that differ in " + (matched.size() == 1 ? "it" : "them") +
                              " are compared");
  std::vector<GroupRuns> runs(grouping.groups.size());
  for (std::size_t i = 0; i < runs.size(); ++i)
    runs[i].group = grouping.groups[i], runs[i].matched = options.telling.matched;
  for (std::size_t i = 0; i < options.planned.size(); ++i) runs[grouping.of_planned[i]].expect(options.planned[i]);
  for (std::size_t i = 0; i < records.size(); ++i)
    if (grouping.of_record[i] != Grouping::kNoGroup)
      add_record(runs[grouping.of_record[i]], records[i], summary.not_compared);
  if (options.shared_only)
    for (GroupRuns& group : runs) leave_shared(group, summary.not_compared);
  return runs;
}

/// Over what a group is averaged beside seeds.
void remark_on_average(const GroupRuns& runs, std::vector<std::string>& remarks) {
  std::vector<const Config*> configs;
  for (const auto& [arm, samples] : runs.by_arm)
    for (const auto& [pair, sample] : samples) configs.push_back(&sample.record->config);
  if (const std::vector<std::string> settings = varying_settings(configs, runs.matched); !settings.empty())
    remarks.push_back(runs.group.name() + " is averaged over " + join(settings, "; "));
}

/// Group by group; those of one group are corrected together.
void add_differences(const std::vector<GroupRuns>& groups, const Arm& baseline, Summary& summary) {
  for (const GroupRuns& runs : groups) {
    const std::size_t first = summary.differences.size();
    for (const Arm& arm : summary.arms)
      if (arm != baseline && runs.by_arm.contains(arm) && runs.by_arm.contains(baseline))
        if (const auto difference = make_difference(arm, baseline, runs)) summary.differences.push_back(*difference);
    correct(std::span(summary.differences).subspan(first));
  }
}

}  // namespace

const Metric& metric_of(const std::string& task) {
  return data::find_task(task).traits().perplexity ? kPerplexity : kAccuracy;
}

std::size_t Cell::with_value() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(samples, [](const Sample& sample) { return sample.value.has_value(); }));
}

const Cell* Summary::cell(const std::string& task, const Arm& arm) const {
  const auto found = std::ranges::find_if(cells, [&](const Cell& c) { return c.task == task && c.arm == arm; });
  return found == cells.end() ? nullptr : &*found;
}

const Cell* Summary::cell(const Group& group, const Arm& arm) const {
  const auto found = std::ranges::find_if(cells, [&](const Cell& c) { return c.group == group && c.arm == arm; });
  return found == cells.end() ? nullptr : &*found;
}

const Difference* Summary::difference(const std::string& task, const Arm& arm) const {
  const auto found =
      std::ranges::find_if(differences, [&](const Difference& d) { return d.task == task && d.arm == arm; });
  return found == differences.end() ? nullptr : &*found;
}

const Difference* Summary::difference(const Group& group, const Arm& arm) const {
  const auto found =
      std::ranges::find_if(differences, [&](const Difference& d) { return d.group == group && d.arm == arm; });
  return found == differences.end() ? nullptr : &*found;
}

Summary summarize(const std::vector<Record>& records, const SummaryOptions& options) {
  Summary summary;
  summary.builds = builds_of(records);
  if (summary.builds.size() > 1 && !options.mix_builds) fail_internal("summarize: the records are of several builds");
  const std::vector<GroupRuns> groups = gather(records, options, summary);
  std::set<Arm> arms;
  for (const GroupRuns& runs : groups) {
    if (summary.tasks.empty() || summary.tasks.back() != runs.group.task) summary.tasks.push_back(runs.group.task);
    for (const auto& [arm, samples] : runs.by_arm) arms.insert(arm);
  }
  summary.arms.assign(arms.begin(), arms.end());
  std::ranges::sort(summary.arms, {}, order_of);
  for (const GroupRuns& runs : groups) {
    remark_on_average(runs, summary.remarks);
    for (const Arm& arm : summary.arms) {
      if (!runs.by_arm.contains(arm)) continue;
      summary.cells.push_back(make_cell(arm, runs, options.allow_missing));
      const Cell& cell = summary.cells.back();
      summary.averages_incomplete |= cell.mean && cell.missing() > 0;
    }
  }
  add_differences(groups, options.baseline, summary);
  return summary;
}

}  // namespace qkvbench::report
