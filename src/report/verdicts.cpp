// How each kind of claim is judged. Differences are taken so that "better" is up for accuracies; of perplexities the
// sign stays, and better is down.
#include "qkvbench/report/verdicts.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/changes.hpp"
#include "qkvbench/report/effects.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/mean_interval.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using study::Claim;
using study::ClaimKind;
using study::PaperTable;

constexpr double kSignificant = 0.05, kPerCent = 100;  // of all claims of a table together

/// One number against one threshold: what a verdict follows from.
struct Test {
  double effect = 0;
  std::optional<Interval> interval;
  std::optional<Sides> sides;  ///< p-values, already counted for what was picked
};

/// The number that is furthest down of several. An interval of the lowest one starts where the lowest starts, and ends
/// where all of them would, were each asked for a k-th of the error.
Test test_lowest(const std::vector<Units>& several, double threshold, double level) {
  const auto count = static_cast<double>(several.size());
  Test test;
  bool first = true, complete = true;
  for (const Units& one : several) {
    const std::vector<double>& units = one.values;
    const Population& population = one.population;
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
  bool shows_paper;            ///< the paper's accuracies stand beside those here
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

Side arm_side(const Claim& claim) { return {claim.arm, claim.at}; }
Side other_side(const Claim& claim) { return {claim.against, claim.against_at}; }

void set_paper(const Judging& table, const Claim& claim, const Side& against, ClaimResult& result) {
  const std::vector<std::string> tasks = tasks_of(claim, table.summary);
  const auto in_unit = [](std::optional<double> x) { return x ? std::optional(kPerCent * *x) : std::nullopt; };
  if (table.shows_paper || is_relative(claim))
    result.paper = in_unit(paper_effect(table.recipe, tasks, arm_side(claim), against));
  if (table.recipe.by.empty()) result.rerun = in_unit(rerun_effect(table.agreement, tasks, claim.arm, against.arm));
}

/// So that better is up: accuracies as they are, perplexities turned round.
Units turned(Units units, double sign) {
  const Population was = units.population;
  for (double& x : units.values) x *= sign;
  if (sign < 0) units.population = {was.shape, -was.most, -was.least};
  return units;
}

/// Where an effect must lie: above −margin for accuracies, below +margin for perplexities.
void judge_bound(const Judging& table, const Claim& claim, ClaimResult& result) {
  const double up = metric_of(claim.tasks.front()).higher_is_better ? 1 : -1;
  const Side one = arm_side(claim), other = other_side(claim);
  const Units differences = differences_of(table.recipe, claim, table.summary, one, other);
  result.unit = is_relative(claim) ? "%" : "points";
  result.test = side_name(table.recipe, one) + " − " + side_name(table.recipe, other) + ", " +
                join(tasks_of(claim, table.summary));
  result.threshold = -up * kPerCent * claim.margin + 0.0;
  result.above = up > 0;
  result.note = differences.incomplete;
  set_paper(table, claim, other, result);
  if (!differences.values.empty())
    conclude(table, test_lowest({turned(differences, up)}, -claim.margin, table.level()), -claim.margin, up, kPerCent,
             result);
}

/// The arm against each other one; what is shown is the closest of them.
void judge_worst(const Judging& table, const Claim& claim, ClaimResult& result) {
  const double worse = metric_of(claim.tasks.front()).higher_is_better ? -1 : 1;  // of an effect that agrees
  result.unit = is_relative(claim) ? "%" : "points";
  result.threshold = 0;
  result.above = worse > 0;
  std::vector<Units> several;
  std::optional<double> closest;
  for (const Arm& other : table.summary.arms) {
    if (other == claim.arm) continue;
    const Units differences = differences_of(table.recipe, claim, table.summary, arm_side(claim), {other, claim.at});
    if (!differences.incomplete.empty()) result.note = differences.incomplete;
    if (differences.values.empty()) continue;
    several.push_back(turned(differences, worse));
    const double effect = mean(several.back().values);
    if (closest && effect >= *closest) continue;
    closest = effect;
    set_paper(table, claim, {other, claim.at}, result);
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
  std::vector<Units> several;
  const Cell* lowest = nullptr;
  for (const Cell& cell : table.summary.cells) {
    if (std::ranges::find(claim.tasks, cell.task) == claim.tasks.end()) continue;
    if (!cell.mean) {
      result.note = cell.arm.name() + " on " + cell.task + ": runs are missing";
      continue;
    }
    several.push_back(values_of(cell));
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
    if (table.shows_paper && std::ranges::find(claim.tasks, cell.task) != claim.tasks.end())
      lower(result.paper, cell.paper);
  for (const SharedCell& cell : table.agreement.cells)
    if (std::ranges::find(claim.tasks, cell.task) != claim.tasks.end()) lower(result.rerun, cell.rerun);
  result.test += "; it is " + lowest->arm.name() + " on " + lowest->task;
  conclude(table, test_lowest(several, kSolved, table.level()), kSolved, 1, 1, result);
}

/// The mean accuracy of an arm against what the baseline needs to have learned; `sign` −1: the claim is that it is
/// below.
void judge_level(const Judging& table, const Claim& claim, double sign, ClaimResult& result) {
  const std::string& task = claim.tasks.front();
  const Side side = arm_side(claim);
  result.test = "mean accuracy of " + side_name(table.recipe, side) + " on " + task +
                " against half-way from a guess to the best there is";
  result.above = sign > 0;
  const std::vector<const Cell*> cells = cells_of(table.recipe, table.summary, task, side);
  const auto needed = baseline_level(table.recipe, table.summary, task, claim.at).needed;
  if (cells.empty() || !needed) {
    result.note = cells.empty() ? "it was not run" : "what it should reach is not known";
    return;
  }
  if (!cells.front()->mean) result.note = "runs are missing";
  if (table.shows_paper) result.paper = paper_number(table.recipe, task, side);
  result.threshold = needed;
  const Units units = values_of(*cells.front());
  if (!units.values.empty())
    conclude(table, test_lowest({turned(units, sign)}, sign * *needed, table.level()), sign * *needed, sign, 1, result);
}

/// How the effect changes with something.
void judge_change(const Judging& table, const Claim& claim, ClaimResult& result) {
  const Change change = change_of(table.recipe, claim, table.summary);
  const double up = change.upwards ? 1 : -1;
  result.unit = is_relative(claim) ? "%" : "points";
  result.threshold = -up * kPerCent * claim.margin + 0.0;
  result.above = up > 0;
  result.test = change.test;
  result.note = change.units.incomplete;
  if (change.paper) result.paper = kPerCent * *change.paper;
  if (!change.units.values.empty())
    conclude(table, test_lowest({turned(change.units, up)}, -claim.margin, table.level()), -claim.margin, up, kPerCent,
             result);
  if (change.unsound.empty()) return;
  result.verdict = Verdict::kInconclusive;
  result.note = change.unsound;
}

/// The grid before the one that was run; empty when there is none.
std::string next_larger(const PaperTable& recipe, const std::string& grid) {
  const auto at = std::ranges::find(recipe.levels, grid);
  return at == recipe.levels.end() || at == recipe.levels.begin() ? "" : *(at - 1);
}

/// The values of the recipe's key `by` at which the baseline must have learned; one empty text without such a key.
std::vector<std::string> places_of(const Judging& table, const Claim& claim) {
  if (table.recipe.by.empty()) return {""};
  // Small models reach less by nature: of a table by size only the largest are asked.
  if (table.recipe.paper_parameters > 0) return {table.summary.groups.back().value(table.recipe.by)};
  std::vector<std::string> places;
  for (const Group& group : table.summary.groups) {
    const std::string at = group.value(table.recipe.by);
    const bool all = claim.at.empty() && claim.against_at.empty();
    if (all || at == claim.at || at == claim.against_at) places.push_back(at);
  }
  return places;
}

/// No verdict where the baseline has not learned what is compared.
void gate(const Judging& table, const Claim& claim, const std::string& grid, ClaimResult& result) {
  std::vector<std::string> untaught;
  for (const std::string& task : tasks_of(claim, table.summary))
    for (const std::string& at : places_of(table, claim)) {
      result.baseline.push_back(baseline_level(table.recipe, table.summary, task, at));
      const BaselineLevel& level = result.baseline.back();
      if (level.here && !level.learned) untaught.push_back(baseline_text(level));
    }
  if (untaught.empty()) return;
  result.verdict = Verdict::kNotTested;
  result.note = join(untaught, "; ");
  const std::string larger = next_larger(table.recipe, grid);
  result.needed = larger.empty() ? "longer training" : "a larger part of the grid: the next is " + larger;
}

}  // namespace

std::vector<ClaimResult> judge(const PaperTable& recipe, const Summary& summary, const std::string& grid) {
  const Agreement agreement = agreement_of(summary);
  const Judging table{recipe, summary, agreement, shows_paper(recipe, grid)};
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
      case ClaimKind::kLearned: judge_level(table, claim, 1, result); break;
      case ClaimKind::kNotLearned: judge_level(table, claim, -1, result); break;
      case ClaimKind::kCatchesUp:
      case ClaimKind::kFallsBySize:
      case ClaimKind::kAtPaperSize:
      case ClaimKind::kHidden: judge_change(table, claim, result); break;
    }
    const std::string count = std::to_string(recipe.claims.size());
    result.rule = "the effect's interval lies wholly beyond the threshold: " + fixed(kPerCent * table.level(), 2) +
                  " %" + (count == "1" ? "" : ", so that all " + count + " claims together have 95 %");
    gate(table, claim, grid, result);
    results.push_back(result);
  }
  return results;
}

}  // namespace qkvbench::report
