// Differences of differences, and lines through them.
#include "qkvbench/report/changes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "qkvbench/report/table.hpp"
#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

using study::Claim;
using study::ClaimKind;
using study::PaperTable;

namespace {

constexpr double kMillion = 1e6;

std::string pair_name(const Claim& claim) { return claim.arm.name() + " − " + claim.against.name(); }

/// `now` less `before`, seed by seed.
Units less(Units now, const Units& before) {
  for (const Units& one : {before, now})
    if (!one.incomplete.empty()) now.incomplete = one.incomplete;
  if (before.values.size() != now.values.size()) {  // not the same seeds
    if (now.incomplete.empty()) now.incomplete = "runs at the two ends are no pairs";
    now.values.clear();
    return now;
  }
  for (std::size_t i = 0; i < now.values.size(); ++i) now.values[i] -= before.values[i];
  const double widest = now.population.most - now.population.least;  // of accuracies; else there is no bound
  now.population = {now.population.shape, -widest, widest};
  return now;
}

Change catching_up(const PaperTable& recipe, const Claim& claim, const Summary& summary) {
  if (summary.groups.size() < 2) return {{{}, {}, "there is one " + recipe.by + " only"}, ""};
  const std::string first = summary.groups.front().value(recipe.by), last = summary.groups.back().value(recipe.by);
  const auto at = [&](const std::string& place) {
    return differences_of(recipe, claim, summary, {claim.arm, place}, {claim.against, place});
  };
  return {less(at(last), at(first)), pair_name(claim) + " at " + recipe.by + " " + last + ", less the same at " + first,
          paper_change(recipe, claim), metric_of(claim.tasks.front()).higher_is_better};
}

/// The penalty at each size, by seed.
struct BySize {
  std::vector<double> sizes;  ///< log₁₀ of the parameters of `against`
  std::vector<std::vector<double>> penalties;
  std::string incomplete{};
};

BySize by_size(const PaperTable& recipe, const Claim& claim, const Summary& summary) {
  BySize out;
  for (const Group& group : summary.groups) {
    const std::string at = group.value(recipe.by);
    const Units here = differences_of(recipe, claim, summary, {claim.arm, at}, {claim.against, at});
    const auto cells = cells_of(recipe, summary, group.task, {claim.against, at});
    if (!here.incomplete.empty()) out.incomplete = here.incomplete;
    if (here.values.empty() || cells.empty()) continue;
    out.sizes.push_back(std::log10(static_cast<double>(cells.front()->samples.front().record->model.params_total)));
    out.penalties.push_back(here.values);
  }
  if (!out.incomplete.empty()) return out;
  const bool pairs =
      std::ranges::all_of(out.penalties, [&](const auto& at) { return at.size() == out.penalties.front().size(); });
  if (!pairs) out.incomplete = "not every size has the same seeds";
  if (out.sizes.size() < 2) out.incomplete = "there is one " + recipe.by + " only";
  return out;
}

Change trend(const PaperTable& recipe, const Claim& claim, const Summary& summary) {
  const bool at_paper = claim.kind == ClaimKind::kAtPaperSize;
  Change change{
      {{}, population_of_differences(claim.tasks.front())},
      pair_name(claim) + (at_paper ? ", at " + fixed(recipe.paper_parameters / kMillion, 1) + " million parameters"
                                   : ", for each ten times as many parameters")};
  if (at_paper)
    change.paper =
        paper_effect(recipe, claim.tasks, {claim.arm, study::kPaperSize}, {claim.against, study::kPaperSize});
  change.upwards = metric_of(claim.tasks.front()).higher_is_better;
  constexpr double kUnbounded = std::numeric_limits<double>::infinity();
  if (!at_paper) change.units.population = {change.units.population.shape, -kUnbounded, kUnbounded};
  const BySize points = by_size(recipe, claim, summary);
  change.units.incomplete = points.incomplete;
  if (!points.incomplete.empty()) return change;
  constexpr double kSurelyNoLine = 0.01;
  if (const auto p = at_paper ? lack_of_fit(points.sizes, points.penalties) : std::nullopt; p && *p < kSurelyNoLine)
    change.unsound = "the sizes do not lie on a line (lack of fit, p < 0.01), so they tell nothing of larger ones";
  for (std::size_t seed = 0; seed < points.penalties.front().size(); ++seed) {
    std::vector<double> of_seed;
    for (const auto& at : points.penalties) of_seed.push_back(at[seed]);
    const Line line = line_through(points.sizes, of_seed);
    change.units.values.push_back(at_paper ? line.at(std::log10(recipe.paper_parameters)) : line.slope);
  }
  return change;
}

Change hidden(const Claim& claim, const Summary& summary) {
  constexpr double kUnbounded = std::numeric_limits<double>::infinity();
  Change change{{{}, {Population::Shape::kSymmetric, -kUnbounded, kUnbounded}},
                "1 − the slope of loss with padding over loss of text, variant by variant of each seed",
                {},
                true};
  std::map<std::uint64_t, std::pair<std::vector<double>, std::vector<double>>> by_seed;
  std::size_t arms = 0;
  for (const Cell& cell : summary.cells) {
    if (cell.task != claim.tasks.front()) continue;
    ++arms;
    if (!cell.mean) change.units.incomplete = cell.arm.name() + " on " + cell.task + ": runs are missing";
    for (const Sample& sample : cell.samples) {
      const auto text = sample.record->metrics.value("val_loss"), all = sample.record->metrics.value("padded_loss");
      if (!all || !text) change.units.incomplete = "runs have no padded_loss";
      if (!all || !text) continue;
      by_seed[sample.seed].first.push_back(*text);
      by_seed[sample.seed].second.push_back(*all);
    }
  }
  if (change.units.incomplete.empty() && arms < 2) change.units.incomplete = "there is one variant only";
  if (!change.units.incomplete.empty()) return change;
  for (const auto& [seed, losses] : by_seed)
    change.units.values.push_back(1 - line_through(losses.first, losses.second).slope);
  return change;
}

}  // namespace

Change change_of(const PaperTable& recipe, const Claim& claim, const Summary& summary) {
  switch (claim.kind) {
    case ClaimKind::kCatchesUp: return catching_up(recipe, claim, summary);
    case ClaimKind::kHidden: return hidden(claim, summary);
    default: return trend(recipe, claim, summary);
  }
}

}  // namespace qkvbench::report
