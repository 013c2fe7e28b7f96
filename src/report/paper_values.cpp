// The paper's numbers, and the authors' re-run of the same configurations, as pages show them beside this machine's.
// Looked up only; nothing is judged.
#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

using study::PaperTable;

namespace {

using Effects = std::vector<std::optional<double>>;

/// None when one of them does not exist, or there is none.
std::optional<double> mean_of(const Effects& effects) {
  std::vector<double> values;
  for (const std::optional<double>& effect : effects)
    if (effect) values.push_back(*effect);
  return values.empty() || values.size() < effects.size() ? std::nullopt : std::optional(mean(values));
}

}  // namespace

std::optional<double> paper_number(const PaperTable& recipe, const std::string& task, const Side& side) {
  for (const study::PaperCell& cell : recipe.cells)
    if (cell.task == task && cell.arm == side.arm && cell.at == side.at) return cell.paper;
  return std::nullopt;
}

std::optional<double> paper_effect(const PaperTable& recipe, const std::vector<std::string>& tasks, const Side& one,
                                   const Side& other) {
  Effects effects;
  for (const std::string& task : tasks) {
    const std::optional<double> of_one = paper_number(recipe, task, one), of_other = paper_number(recipe, task, other);
    effects.emplace_back();
    if (of_one && of_other) effects.back() = metric_of(task).is_share ? *of_one - *of_other : *of_one / *of_other - 1;
  }
  return mean_of(effects);
}

std::optional<double> paper_change(const PaperTable& recipe, const study::Claim& claim) {
  std::vector<std::string> places;
  for (const study::PaperCell& cell : recipe.cells)
    if (cell.arm == claim.arm) places.push_back(cell.at);
  if (places.empty()) return std::nullopt;
  const auto effect_at = [&](const std::string& at) {
    return paper_effect(recipe, claim.tasks, {claim.arm, at}, {claim.against, at});
  };
  const auto first = effect_at(places.front()), last = effect_at(places.back());
  return first && last ? std::optional(*last - *first) : std::nullopt;
}

std::optional<double> rerun_effect(const Agreement& agreement, const std::vector<std::string>& tasks, const Arm& arm,
                                   const Arm& against) {
  Effects effects;
  for (const std::string& task : tasks) {
    const SharedCell *one = agreement.cell(task, arm), *other = agreement.cell(task, against);
    effects.emplace_back();
    if (one && other) effects.back() = one->rerun - other->rerun;
  }
  return mean_of(effects);
}

std::vector<ReferenceValue> reference_values(const PaperTable& recipe, const Agreement& agreement,
                                             const std::string& grid) {
  std::vector<ReferenceValue> values;
  if (!recipe.by.empty()) return values;  // a page's cells are of a task and arm alone
  for (const study::PaperCell& cell : recipe.cells) {
    if (!metric_of(cell.task).is_share) continue;  // a perplexity beside another corpus's would look like a replication
    ReferenceValue value{cell.task, cell.arm.name(), {}, {}};
    if (shows_paper(recipe, grid)) value.paper = cell.paper;
    if (const SharedCell* shared = agreement.cell(cell.task, cell.arm)) value.rerun = shared->rerun;
    if (value.paper || value.rerun) values.push_back(value);
  }
  return values;
}

}  // namespace qkvbench::report
