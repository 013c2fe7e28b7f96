// The paper's and the re-run's numbers as verdicts and pages show them beside this machine's.
// Looked up only; nothing is judged.
#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

using experiment::Recipe;

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

std::vector<ReferenceValue> reference_values(const Recipe& recipe) {
  std::vector<ReferenceValue> values;
  for (const experiment::PaperCell& cell : recipe.cells)
    if (metric_of(cell.task).is_share)  // a perplexity beside that of another corpus would look like a replication
      values.push_back({cell.task, cell.arm.name(), cell.paper, cell.rerun});
  return values;
}

}  // namespace qkvbench::report
