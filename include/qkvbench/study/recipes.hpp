// What `reproduce` re-does: the paper's tables as grids from whole to small, its numbers, and its claims, as rows.
// Data and their lookup only: what fits a budget is chosen in plan, claims are judged in report/verdicts.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/study/arm.hpp"
#include "qkvbench/study/grid.hpp"

namespace qkvbench::study {

/// A number of the paper's table, a mean over its whole grid. Accuracies are fractions. Of the authors' later runs
/// each one is known, see rerun.hpp.
struct PaperCell {
  std::string task;
  Arm arm;
  double paper;
};

enum class ClaimKind {
  kLosesAtMost,  ///< arm is worse than `against` by no more than the margin
  kBetter,       ///< arm is better than `against`
  kWorst,        ///< arm is worse than every other one
  kAllSolve      ///< every arm's mean accuracy is at least kSolved
};

/// A claim of the paper. Effects are differences of accuracy, or relative differences of perplexity, over all the tasks
/// together; worse and better follow the metric.
struct Claim {
  std::string id, text;
  ClaimKind kind;
  Arm arm, against;  ///< as the kind needs them
  std::vector<std::string> tasks;
  double margin = 0;
};

struct PaperTable {
  std::string id, title;
  std::vector<std::string>
      levels;  ///< grids from the longest to the shortest, the paper's whole one (or the nearest) first
  std::vector<PaperCell> cells;
  std::vector<Claim> claims;
  std::string remark;  ///< how this machine's numbers stand to the paper's even when nothing is shrunk
};

/// Whether a grid is the recipe's first: only then the paper's means of accuracy are means over the same
/// configurations. An empty name stands for it.
bool is_whole(const PaperTable& recipe, const std::string& grid);

std::span<const PaperTable> all_recipes();
/// Throws Error (usage) with the nearest name if there is no such recipe.
const PaperTable& find_recipe(const std::string& id);

}  // namespace qkvbench::study
