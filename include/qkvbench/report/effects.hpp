// What a claim's number is made of: values of runs, or differences between runs of a pair, and which of them are drawn
// independently. Tests nothing; report/verdicts does.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/mean_interval.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::report {

/// Numbers that are drawn independently: of each configuration the mean over seeds and tasks, of a single one that of
/// each seed.
struct Units {
  std::vector<double> values;
  Population population;
  std::string incomplete{};  ///< why they cannot be judged, if so
};

/// An arm, and the value of the recipe's key `by`; empty: all of them.
struct Side {
  Arm arm;
  std::string at{};
};

/// Cells of a task and side in the summary's order: one, or one for each value of `by`.
std::vector<const Cell*> cells_of(const study::PaperTable& recipe, const Summary& summary, const std::string& task,
                                  const Side& side);

/// "q_kv", "q_kv at 4 heads".
std::string side_name(const study::PaperTable& recipe, const Side& side);

/// Of the claim's tasks those that were run at all.
std::vector<std::string> tasks_of(const study::Claim& claim, const Summary& summary);

/// Whether effects on the claim's tasks are relative: of perplexities.
bool is_relative(const study::Claim& claim);

/// Differences one − other of runs that have the same configuration and seed (but for the key `by` where the two sides
/// name different values of it), over all tasks of the claim; fractions.
Units differences_of(const study::PaperTable& recipe, const study::Claim& claim, const Summary& summary,
                     const Side& one, const Side& other);

/// The values of a cell.
Units values_of(const Cell& cell);

}  // namespace qkvbench::report
