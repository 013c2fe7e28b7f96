// How each kind of claim is judged. Differences are taken so that "better" is up for accuracies; of perplexities the
// sign stays, and better is down.
#include "qkvbench/report/verdicts.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/mean_interval.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using study::Claim;
using study::ClaimKind;
using study::PaperTable;

constexpr double kSignificant = 0.05, kPerCent = 100;  // of all claims of a table together

/// A run without its task and arm: what is paired, and with which runs of other tasks it belongs together.
struct Unit {
  std::string configuration;
  std::uint64_t seed;
  auto operator<=>(const Unit&) const = default;
};

/// The configuration of a sample without its task: runs of one size on several tasks are one cluster.
std::string without_task(const Sample& sample) {
  std::string text = sample.configuration;
  const std::string task = "\"task\":\"" + sample.record->config.task.id + "\",";
  if (const std::size_t at = text.find(task); at != std::string::npos) text.erase(at, task.size());
  return text;
}

/// Differences arm − against of all tasks of a claim, by unit; fractions.
struct Differences {
  std::map<Unit, std::vector<double>> by_unit;
  Population population;
  std::string incomplete;  ///< why they cannot be judged, if so

  bool empty() const { return by_unit.empty(); }
  /// What is drawn independently: of each configuration the mean over seeds and tasks, of a single one that of each
  /// seed.
  std::vector<double> units() const {
    std::map<std::string, std::vector<double>> clusters;
    std::vector<double> seeds, configurations;
    for (const auto& [unit, values] : by_unit) {
      clusters[unit.configuration].insert(clusters[unit.configuration].end(), values.begin(), values.end());
      seeds.push_back(mean(values));
    }
    for (const auto& [name, values] : clusters) configurations.push_back(mean(values));
    return configurations.size() == 1 ? seeds : configurations;
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
  Differences out{{}, population_of_differences(claim.tasks.front()), {}};
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
      out.by_unit[unit].push_back(relative(claim) ? difference / at->second : difference);
    }
  }
  if (out.empty() && out.incomplete.empty()) out.incomplete = "none of its tasks was run";
  return out;
}

/// The numbers of a cell that are drawn independently.
std::vector<double> cell_units(const Cell& cell) {
  std::map<std::string, std::vector<double>> clusters;
  for (const Sample& sample : cell.samples)
    if (sample.value) clusters[sample.configuration].push_back(*sample.value);
  if (clusters.size() == 1) return clusters.begin()->second;
  std::vector<double> units;
  for (const auto& [name, values] : clusters) units.push_back(mean(values));
  return units;
}

/// One number against one threshold: what a verdict follows from.
struct Test {
  double effect = 0;
  std::optional<Interval> interval;
  std::optional<Sides> sides;  ///< p-values, already counted for what was picked
};

/// The number that is furthest down of several: of each its units and population. An interval of the lowest one starts
/// where the lowest starts, and ends where all of them would, were each asked for a k-th of the error.
Test test_lowest(const std::vector<std::pair<std::vector<double>, Population>>& several, double threshold,
                 double level) {
  const auto count = static_cast<double>(several.size());
  Test test;
  bool first = true, complete = true;
  for (const auto& [units, population] : several) {
    const double effect = mean(units);
    const auto low = mean_interval(units, population, level),
               high = mean_interval(units, population, 1 - (1 - level) / count);
    const auto sides = mean_sides(units, population, threshold);
    test.effect = first ? effect : std::min(test.effect, effect);
    if (!low || !high || !sides) {
      complete = false;
    } else if (first || !test.interval) {
      test.interval = {low->low, high->high};
      test.sides = {sides->above, std::min(1.0, count * sides->below)};
    } else {
      test.interval = {std::min(test.interval->low, low->low), std::min(test.interval->high, high->high)};
      test.sides = {std::max(test.sides->above, sides->above),
                    std::min(test.sides->below, std::min(1.0, count * sides->below))};
    }
    first = false;
  }
  if (!complete) test.interval.reset(), test.sides.reset();
  return test;
}

/// What all judges need.
struct Judging {
  const PaperTable& recipe;
  const Summary& summary;
  const Agreement& agreement;  ///< with the authors' re-run
  bool whole;                  ///< the paper's whole grid was run
  double claims() const { return static_cast<double>(recipe.claims.size()); }
  double level() const { return 1 - kSignificant / claims(); }
};

/// Numbers and verdict of a test whose effect must be above the threshold; `sign` −1 when what is shown is turned
/// round.
void conclude(const Judging& table, const Test& test, double threshold, double sign, double scale,
              ClaimResult& result) {
  const auto shown = [&](double x) { return sign * scale * x + 0.0; };
  result.effect = shown(test.effect);
  result.threshold = shown(threshold);
  result.level = table.level();
  if (!test.interval) {
    if (result.note.empty()) result.note = "too few runs for an interval";
    return;
  }
  const double one = shown(test.interval->low), other = shown(test.interval->high);
  result.interval = {std::min(one, other), std::max(one, other)};
  result.p = test.sides->both();
  result.p_adjusted = std::min(1.0, table.claims() * *result.p);
  if (!result.note.empty()) return;
  // By p alone, which is what the interval inverts: the two cannot part.
  if (*result.p_adjusted > kSignificant)
    result.verdict = Verdict::kInconclusive;
  else
    result.verdict = test.sides->above < test.sides->below ? Verdict::kHolds : Verdict::kRefuted;
}

void set_paper(const Judging& table, const Claim& claim, const Arm& against, ClaimResult& result) {
  const std::vector<std::string> tasks = tasks_of(claim, table.summary);
  const auto in_unit = [](std::optional<double> x) { return x ? std::optional(kPerCent * *x) : std::nullopt; };
  if (table.whole || relative(claim)) result.paper = in_unit(paper_effect(table.recipe, tasks, claim.arm, against));
  result.rerun = in_unit(rerun_effect(table.agreement, tasks, claim.arm, against));
}

/// So that better is up: accuracies as they are, perplexities turned round.
std::pair<std::vector<double>, Population> turned(const Differences& differences, double sign) {
  std::vector<double> units = differences.units();
  Population population = differences.population;
  for (double& x : units) x *= sign;
  if (sign < 0) population = {population.shape, -population.most, -population.least};
  return {units, population};
}

/// Where an effect must lie: above −margin for accuracies, below +margin for perplexities.
void judge_bound(const Judging& table, const Claim& claim, ClaimResult& result) {
  const double up = metric_of(claim.tasks.front()).higher_is_better ? 1 : -1;
  const Differences differences = differences_of(claim, table.summary, claim.arm, claim.against);
  result.unit = relative(claim) ? "%" : "points";
  result.test = claim.arm.name() + " − " + claim.against.name() + ", " + join(tasks_of(claim, table.summary));
  result.threshold = -up * kPerCent * claim.margin + 0.0;
  result.above = up > 0;
  result.note = differences.incomplete;
  set_paper(table, claim, claim.against, result);
  if (!differences.empty())
    conclude(table, test_lowest({turned(differences, up)}, -claim.margin, table.level()), -claim.margin, up, kPerCent,
             result);
}

/// The arm against each other one; what is shown is the closest of them.
void judge_worst(const Judging& table, const Claim& claim, ClaimResult& result) {
  const double worse = metric_of(claim.tasks.front()).higher_is_better ? -1 : 1;  // of an effect that agrees
  result.unit = relative(claim) ? "%" : "points";
  result.threshold = 0;
  result.above = worse > 0;
  std::vector<std::pair<std::vector<double>, Population>> several;
  std::optional<double> closest;
  for (const Arm& other : table.summary.arms) {
    if (other == claim.arm) continue;
    const Differences differences = differences_of(claim, table.summary, claim.arm, other);
    if (!differences.incomplete.empty()) result.note = differences.incomplete;
    if (differences.empty()) continue;
    several.push_back(turned(differences, worse));
    const double effect = mean(several.back().first);
    if (closest && effect >= *closest) continue;
    closest = effect;
    set_paper(table, claim, other, result);
    result.test =
        claim.arm.name() + " − the closest other, " + other.name() + ", of " + join(tasks_of(claim, table.summary));
  }
  if (several.empty()) {
    if (result.note.empty()) result.note = "there is no other variant";
    return;
  }
  conclude(table, test_lowest(several, 0, table.level()), 0, worse, kPerCent, result);
}

/// The lowest mean of any arm on any of the tasks.
void judge_all_solve(const Judging& table, const Claim& claim, ClaimResult& result) {
  std::vector<std::pair<std::vector<double>, Population>> several;
  const Cell* lowest = nullptr;
  for (const Cell& cell : table.summary.cells) {
    if (std::ranges::find(claim.tasks, cell.task) == claim.tasks.end()) continue;
    if (!cell.mean) {
      result.note = cell.arm.name() + " on " + cell.task + ": runs are missing";
      continue;
    }
    several.emplace_back(cell_units(cell), population_of_values(cell.task));
    if (lowest == nullptr || *cell.mean < *lowest->mean) lowest = &cell;
  }
  result.threshold = kSolved;
  result.test = "the lowest mean accuracy, " + join(claim.tasks);
  if (lowest == nullptr) {
    if (result.note.empty()) result.note = "none of its tasks was run";
    return;
  }
  const auto lower = [](std::optional<double>& least, double value) {
    least = least ? std::min(*least, value) : value;
  };
  for (const study::PaperCell& cell : table.recipe.cells)
    if (table.whole && std::ranges::find(claim.tasks, cell.task) != claim.tasks.end()) lower(result.paper, cell.paper);
  for (const SharedCell& cell : table.agreement.cells)
    if (std::ranges::find(claim.tasks, cell.task) != claim.tasks.end()) lower(result.rerun, cell.rerun);
  result.test += "; it is " + lowest->arm.name() + " on " + lowest->task;
  conclude(table, test_lowest(several, kSolved, table.level()), kSolved, 1, 1, result);
}

/// The grid before the one that was run; empty when there is none.
std::string next_larger(const PaperTable& recipe, const std::string& grid) {
  const auto at = std::ranges::find(recipe.levels, grid);
  return at == recipe.levels.end() || at == recipe.levels.begin() ? "" : *(at - 1);
}

/// No verdict where the baseline has not learned what is compared.
void gate(const Judging& table, const Claim& claim, const std::string& grid, ClaimResult& result) {
  std::vector<std::string> untaught;
  for (const std::string& task : tasks_of(claim, table.summary)) {
    result.baseline.push_back(baseline_level(table.recipe, table.summary, task));
    const BaselineLevel& level = result.baseline.back();
    if (level.here && !level.learned) untaught.push_back(baseline_text(level));
  }
  if (untaught.empty()) return;
  result.verdict = Verdict::kNotTested;
  result.note = join(untaught, "; ");
  const std::string larger = next_larger(table.recipe, grid);
  result.needed = larger.empty() ? "longer training" : "a larger --budget: the next larger part is " + larger;
}

}  // namespace

std::vector<ClaimResult> judge(const PaperTable& recipe, const Summary& summary, const std::string& grid) {
  const Agreement agreement = agreement_of(summary);
  const Judging table{recipe, summary, agreement, is_whole(recipe, grid)};
  std::vector<ClaimResult> results;
  for (const Claim& claim : recipe.claims) {
    ClaimResult result;
    result.id = claim.id;
    result.claim = claim.text;
    switch (claim.kind) {
      case ClaimKind::kLosesAtMost:
      case ClaimKind::kBetter: judge_bound(table, claim, result); break;
      case ClaimKind::kWorst: judge_worst(table, claim, result); break;
      case ClaimKind::kAllSolve: judge_all_solve(table, claim, result); break;
    }
    result.rule = "the effect's interval lies wholly beyond the threshold: " + fixed(kPerCent * table.level(), 2) +
                  " %, so that all " + std::to_string(recipe.claims.size()) + " claims together have 95 %";
    gate(table, claim, grid, result);
    results.push_back(result);
  }
  return results;
}

}  // namespace qkvbench::report
