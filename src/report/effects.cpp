// Pairs are matched by the text of their configuration without what the two sides differ in.
#include "qkvbench/report/effects.hpp"

#include <algorithm>
#include <map>

namespace qkvbench::report {

using study::Claim;
using study::PaperTable;

namespace {

/// A run without its task and arm: what is paired, and with which runs of other tasks it belongs together.
struct Unit {
  std::string configuration;
  std::uint64_t seed;
  auto operator<=>(const Unit&) const = default;
};

/// Takes a key out of a configuration's JSON text, which is then good for comparisons only. The value holds no comma.
void erase_key(std::string& configuration, const std::string& key) {
  const std::size_t at = configuration.find("\"" + key + "\":");
  if (at != std::string::npos) configuration.erase(at, configuration.find_first_of(",}", at) - at);
}

Unit unit_of(const Sample& sample, const std::string& differing_key) {
  Unit unit{sample.configuration, sample.seed};
  erase_key(unit.configuration, "task");  // runs of one size on several tasks are one cluster
  if (!differing_key.empty()) erase_key(unit.configuration, differing_key);
  return unit;
}

using ByUnit = std::map<Unit, std::vector<double>>;

std::vector<double> independent(const ByUnit& by_unit) {
  std::map<std::string, std::vector<double>> clusters;
  std::vector<double> seeds, configurations;
  for (const auto& [unit, values] : by_unit) {
    clusters[unit.configuration].insert(clusters[unit.configuration].end(), values.begin(), values.end());
    seeds.push_back(mean(values));
  }
  for (const auto& [name, values] : clusters) configurations.push_back(mean(values));
  return configurations.size() == 1 ? seeds : configurations;
}

/// Why the cells of a side cannot be judged; empty when they can.
std::string missing_text(const PaperTable& recipe, const std::vector<const Cell*>& cells, const std::string& task,
                         const Side& side) {
  const bool complete = std::ranges::all_of(cells, [](const Cell* cell) { return cell->mean.has_value(); });
  return complete && !cells.empty() ? "" : side_name(recipe, side) + " on " + task + ": runs are missing";
}

}  // namespace

std::vector<const Cell*> cells_of(const PaperTable& recipe, const Summary& summary, const std::string& task,
                                  const Side& side) {
  std::vector<const Cell*> cells;
  for (const Cell& cell : summary.cells) {
    if (cell.task != task || cell.arm != side.arm) continue;
    if (recipe.by.empty()) return {&cell};
    if (side.at.empty() || cell.group.value(recipe.by) == side.at) cells.push_back(&cell);
  }
  return cells;
}

std::string side_name(const PaperTable& recipe, const Side& side) {
  return side.arm.name() + (side.at.empty() ? "" : " at " + recipe.by + " " + side.at);
}

std::vector<std::string> tasks_of(const Claim& claim, const Summary& summary) {
  std::vector<std::string> tasks;
  for (const std::string& task : claim.tasks)
    if (std::ranges::find(summary.tasks, task) != summary.tasks.end()) tasks.push_back(task);
  return tasks;
}

bool is_relative(const Claim& claim) { return !metric_of(claim.tasks.front()).is_share; }

Units differences_of(const PaperTable& recipe, const Claim& claim, const Summary& summary, const Side& one,
                     const Side& other) {
  const std::string differing_key = one.at == other.at ? "" : recipe.by;
  Units out{{}, population_of_differences(claim.tasks.front())};
  ByUnit by_unit;
  for (const std::string& task : tasks_of(claim, summary)) {
    const auto ones = cells_of(recipe, summary, task, one), others = cells_of(recipe, summary, task, other);
    for (const std::string& missing :
         {missing_text(recipe, ones, task, one), missing_text(recipe, others, task, other)})
      if (!missing.empty()) out.incomplete = missing;
    std::map<Unit, double> base;
    for (const Cell* cell : others)
      for (const Sample& sample : cell->samples)
        if (sample.value) base[unit_of(sample, differing_key)] = *sample.value;
    for (const Cell* cell : ones)
      for (const Sample& sample : cell->samples) {
        const Unit unit = unit_of(sample, differing_key);
        const auto at = base.find(unit);
        if (!sample.value || at == base.end()) continue;
        const double difference = *sample.value - at->second;
        by_unit[unit].push_back(is_relative(claim) ? difference / at->second : difference);
      }
  }
  out.values = independent(by_unit);
  if (out.values.empty() && out.incomplete.empty()) out.incomplete = "none of its tasks was run";
  return out;
}

Units values_of(const Cell& cell) {
  ByUnit by_unit;
  for (const Sample& sample : cell.samples)
    if (sample.value) by_unit[unit_of(sample, "")].push_back(*sample.value);
  return {independent(by_unit), population_of_values(cell.task)};
}

}  // namespace qkvbench::report
