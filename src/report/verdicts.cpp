// How each kind of claim is judged. Differences are taken so that "better" is up for accuracies; of perplexities the
// sign stays, and better is down.
#include "qkvbench/report/verdicts.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using experiment::Claim;
using experiment::ClaimKind;
using experiment::Recipe;

constexpr double kSignificant = 0.05, kPerCent = 100;

/// A run without its task and arm: what is paired, and with which runs of other tasks it belongs together.
struct Unit {
  std::string configuration;
  std::uint64_t seed;
  auto operator<=>(const Unit&) const = default;
};

/// The configuration of a sample without its task: runs of one size on several tasks are one cluster.
std::string without_task(const Sample& sample) {
  std::string text = sample.configuration;
  const std::string task = "\"task\":\"" + sample.record->config.task + "\",";
  if (const std::size_t at = text.find(task); at != std::string::npos) text.erase(at, task.size());
  return text;
}

/// Differences arm − against of all tasks of a claim, by unit.
struct Differences {
  std::map<Unit, std::vector<double>> by_unit;
  std::string incomplete;  ///< why they cannot be judged, if so

  bool empty() const { return by_unit.empty(); }
  double effect() const {
    std::vector<double> all;
    for (const auto& [unit, values] : by_unit) all.insert(all.end(), values.begin(), values.end());
    return mean(all);
  }
  /// Of each unit the mean over its tasks.
  std::vector<double> of_units() const {
    std::vector<double> means;
    for (const auto& [unit, values] : by_unit) means.push_back(mean(values));
    return means;
  }
  std::optional<Interval> interval() const {
    std::map<std::string, std::vector<double>> clusters;
    for (const auto& [unit, values] : by_unit)
      clusters[unit.configuration].insert(clusters[unit.configuration].end(), values.begin(), values.end());
    if (clusters.size() < 2) return t_interval(of_units());
    std::vector<std::vector<double>> numbers;
    for (const auto& [name, values] : clusters) numbers.push_back(values);
    return cluster_bootstrap(numbers);
  }
};

/// The tasks of a claim that were run at all.
std::vector<std::string> tasks_of(const Claim& claim, const Summary& summary) {
  std::vector<std::string> tasks;
  for (const std::string& task : claim.tasks)
    if (std::ranges::find(summary.tasks, task) != summary.tasks.end()) tasks.push_back(task);
  return tasks;
}

bool relative(const Claim& claim) { return !metric_of(claim.tasks.front()).is_share; }

Differences differences_of(const Claim& claim, const Summary& summary, const Arm& arm, const Arm& against) {
  Differences out;
  for (const std::string& task : tasks_of(claim, summary)) {
    const Cell *one = summary.cell(task, arm), *other = summary.cell(task, against);
    for (const Cell* cell : {one, other})
      if (cell == nullptr || !cell->mean)
        out.incomplete = (cell == one ? arm : against).name() + " on " + task + ": runs are missing";
    if (one == nullptr || other == nullptr) continue;
    std::map<Unit, double> base;
    for (const Sample& sample : other->samples)
      if (sample.value) base[{without_task(sample), sample.seed}] = *sample.value;
    for (const Sample& sample : one->samples) {
      const Unit unit{without_task(sample), sample.seed};
      const auto at = base.find(unit);
      if (!sample.value || at == base.end()) continue;
      const double difference = *sample.value - at->second;
      out.by_unit[unit].push_back(kPerCent * (relative(claim) ? difference / at->second : difference));
    }
  }
  if (out.empty() && out.incomplete.empty()) out.incomplete = "none of its tasks was run";
  return out;
}

/// The paper's effect, averaged over the same tasks.
std::optional<double> paper_mean(const Recipe& recipe, const std::vector<std::string>& tasks, const Arm& arm,
                                 const Arm& against, bool rerun) {
  std::vector<double> effects;
  for (const std::string& task : tasks) {
    const auto effect = paper_effect(recipe, task, arm, against, rerun);
    if (!effect) return std::nullopt;
    effects.push_back(kPerCent * *effect);
  }
  if (effects.empty()) return std::nullopt;
  return mean(effects);
}

/// Sets effect, interval and the paper's numbers of a comparison of two arms.
Differences compare(const Recipe& recipe, const Claim& claim, const Summary& summary, const Arm& arm,
                    const Arm& against, ClaimResult& result) {
  const Differences differences = differences_of(claim, summary, arm, against);
  const std::vector<std::string> tasks = tasks_of(claim, summary);
  result.unit = relative(claim) ? "%" : "points";
  result.paper = paper_mean(recipe, tasks, arm, against, false);
  result.rerun = paper_mean(recipe, tasks, arm, against, true);
  if (!differences.empty()) {
    result.effect = differences.effect();
    result.interval = differences.interval();
  }
  return differences;
}

Verdict by_interval(const Interval& interval, double bound, bool holds_above) {
  const bool above = interval.low > bound, below = interval.high < bound;
  if (holds_above ? above : below) return Verdict::kHolds;
  if (holds_above ? below : above) return Verdict::kRefuted;
  return Verdict::kInconclusive;
}

/// Where an effect must lie: above −margin for accuracies, below +margin for perplexities.
void judge_bound(const Recipe& recipe, const Claim& claim, const Summary& summary, ClaimResult& result) {
  const bool higher = metric_of(claim.tasks.front()).higher_is_better;
  const double bound = (higher ? -1 : 1) * claim.margin * kPerCent;
  const Differences differences = compare(recipe, claim, summary, claim.arm, claim.against, result);
  result.test = claim.arm.name() + " − " + claim.against.name() + (higher ? " > " : " < ") + (bound < 0 ? "−" : "") +
                fixed(std::abs(bound), 0) + " " + result.unit + ", " + join(tasks_of(claim, summary));
  if (!differences.incomplete.empty())
    result.note = differences.incomplete;
  else if (!result.interval)
    result.note = "one run has no interval";
  else
    result.verdict = by_interval(*result.interval, bound, higher);
}

/// The arm against each other one; what is shown is the closest of them.
void judge_worst(const Recipe& recipe, const Claim& claim, const Summary& summary, ClaimResult& result) {
  const double sign = metric_of(claim.tasks.front()).higher_is_better ? -1 : 1;  // of an effect that agrees
  std::vector<PairedTest> tests;
  std::vector<double> p;
  std::optional<double> closest;
  for (const Arm& other : summary.arms) {
    if (other == claim.arm) continue;
    ClaimResult one;
    const Differences differences = compare(recipe, claim, summary, claim.arm, other, one);
    if (!differences.incomplete.empty()) result.note = differences.incomplete;
    if (differences.empty()) continue;
    tests.push_back(paired_test(differences.of_units()));
    p.push_back(tests.back().p.value_or(1));
    if (!closest || sign * *one.effect < *closest) {
      closest = sign * *one.effect;
      result.effect = one.effect, result.interval = one.interval, result.unit = one.unit;
      result.paper = one.paper, result.rerun = one.rerun;
      result.test = claim.arm.name() + " against every other, closest " + other.name() + "; paired tests, Holm, " +
                    join(tasks_of(claim, summary));
    }
  }
  if (tests.empty() || !result.note.empty()) return;
  const std::vector<double> adjusted = holm(p);
  result.verdict = Verdict::kHolds;
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const bool significant = adjusted[i] <= kSignificant;
    if (significant && sign * tests[i].mean < 0) {
      result.verdict = Verdict::kRefuted;
      return;
    }
    if (!significant) result.verdict = Verdict::kInconclusive;
  }
}

/// The lowest mean of any arm on any of the tasks.
void judge_all_solve(const Recipe& recipe, const Claim& claim, const Summary& summary, ClaimResult& result) {
  const Cell* lowest = nullptr;
  for (const Cell& cell : summary.cells) {
    if (std::ranges::find(claim.tasks, cell.task) == claim.tasks.end()) continue;
    if (!cell.mean)
      result.note = cell.arm.name() + " on " + cell.task + ": runs are missing";
    else if (lowest == nullptr || *cell.mean < *lowest->mean)
      lowest = &cell;
  }
  result.test = "lowest mean accuracy ≥ " + fixed(kSolved, 2) + ", " + join(claim.tasks);
  if (lowest == nullptr) {
    if (result.note.empty()) result.note = "none of its tasks was run";
    return;
  }
  result.effect = *lowest->mean;
  result.interval = lowest->interval;
  for (const experiment::PaperCell& cell : recipe.cells) {
    if (std::ranges::find(claim.tasks, cell.task) == claim.tasks.end()) continue;
    const auto lower = [](std::optional<double>& least, const std::optional<double>& value) {
      if (value && (!least || *value < *least)) least = *value;
    };
    lower(result.paper, cell.paper);
    lower(result.rerun, cell.rerun);
  }
  result.test += "; it is " + lowest->arm.name() + " on " + lowest->task;
  if (!result.note.empty()) return;
  if (*lowest->mean >= kSolved)
    result.verdict = Verdict::kHolds;
  else if (lowest->interval && lowest->interval->high < kSolved)
    result.verdict = Verdict::kRefuted;
}

}  // namespace

std::optional<double> paper_effect(const Recipe& recipe, const std::string& task, const Arm& arm, const Arm& against,
                                   bool rerun) {
  std::optional<double> one, other;
  for (const experiment::PaperCell& cell : recipe.cells) {
    if (cell.task != task) continue;
    const auto& value = rerun ? cell.rerun : cell.paper;
    if (cell.arm == arm) one = value;
    if (cell.arm == against) other = value;
  }
  if (!one || !other) return std::nullopt;
  return metric_of(task).is_share ? *one - *other : *one / *other - 1;
}

std::vector<ClaimResult> judge(const Recipe& recipe, const Summary& summary) {
  std::vector<ClaimResult> results;
  for (const Claim& claim : recipe.claims) {
    ClaimResult result;
    result.id = claim.id;
    result.claim = claim.text;
    switch (claim.kind) {
      case ClaimKind::kLosesAtMost:
      case ClaimKind::kBetter: judge_bound(recipe, claim, summary, result); break;
      case ClaimKind::kWorst: judge_worst(recipe, claim, summary, result); break;
      case ClaimKind::kAllSolve: judge_all_solve(recipe, claim, summary, result); break;
    }
    results.push_back(result);
  }
  return results;
}

std::vector<ReferenceValue> reference_values(const Recipe& recipe) {
  std::vector<ReferenceValue> values;
  for (const experiment::PaperCell& cell : recipe.cells)
    values.push_back({cell.task, cell.arm.name(), cell.paper, cell.rerun});
  return values;
}

}  // namespace qkvbench::report
