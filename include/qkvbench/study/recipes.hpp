// What `reproduce` re-does: tables as grids from whole to small, the paper's numbers, and the claims, as rows.
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
  std::string at{};  ///< the value of the table's key `by` that it is of
};

/// PaperCell::at of the model to which kAtPaperSize continues.
inline constexpr const char* kPaperSize = "the paper's size";

/// What "a few per cent at most" allows.
inline constexpr double kFewPercent = 0.05;

enum class ClaimKind {
  kLosesAtMost,  ///< arm is worse than `against` by no more than the margin
  kBetter,       ///< arm is better than `against`
  kWorst,        ///< arm is worse than every other one
  kAllSolve,     ///< every arm's mean accuracy is at least kSolved
  kLearned,      ///< arm's mean accuracy is above half-way from a guess to the best there is
  kNotLearned,   ///< it is below
  kCatchesUp,    ///< arm − against is better at the last value of the table's key `by` than at the first
  kFallsBySize,  ///< arm − against gets better with the model's size: a straight line through all values of `by`
  kAtPaperSize,  ///< that line, continued to the paper's model, is worse by no more than the margin
  kHidden        ///< of differences between arms, losses that count padding hide a share
};

/// A claim of the paper, or one made of what it studies. Effects are differences of accuracy, or relative differences
/// of perplexity, over all the tasks together; worse and better follow the metric.
struct Claim {
  std::string id, text;
  ClaimKind kind;
  Arm arm, against;  ///< as the kind needs them
  std::vector<std::string> tasks;
  double margin = 0;
  std::string at{}, against_at{};  ///< values of the table's key `by`, of arm and of `against`; empty: all of them
};

struct PaperTable {
  std::string id, title;
  std::vector<std::string>
      levels;  ///< grids from the longest to the shortest, the paper's whole one (or the nearest) first
  std::vector<PaperCell> cells;
  std::vector<Claim> claims;
  std::string remark;  ///< how this machine's numbers stand to the paper's even when nothing is shrunk
  std::string by{};    ///< a key whose values have rows of their own; empty: all configurations are averaged
  std::vector<std::string> matched{};  ///< keys in which arms may differ and are compared all the same
  /// The paper's accuracies are no means over a grid, and stand beside every part.
  bool single_size = false;
  /// What is shown of the runs: their metrics, how alike q, k and v of the models are
  /// (study/similarity), or what becomes of the models when K and V are made one (study/surgery).
  enum class Shown { kMetrics, kSimilarity, kSurgery } shown = Shown::kMetrics;
  double paper_parameters = 0;  ///< of the model to which kAtPaperSize continues
  double further = 0;           ///< what is done with the runs takes so many times as long as they do
};

/// Whether a grid is the recipe's first: only then the paper's means of accuracy are means over the same
/// configurations. An empty name stands for it.
bool is_whole(const PaperTable& recipe, const std::string& grid);
/// Whether the paper's accuracies stand beside this grid's.
bool shows_paper(const PaperTable& recipe, const std::string& grid);

std::span<const PaperTable> all_recipes();
/// Those that the paper's Tables 1, 2 and 4 do not hold: its further claims, and those that others made of it.
PaperTable recall_recipe();
PaperTable table16_recipe();
PaperTable similarity_recipe(const std::vector<PaperCell>& table1);
PaperTable surgery_recipe();
PaperTable plus_recipe(const std::vector<PaperCell>& table1);
PaperTable scaling_recipe();
PaperTable padding_recipe();
/// All that `reproduce` takes, in the order of help: the recipes, and accounting.
std::vector<std::string> recipe_names();
/// Throws Error (usage) with the nearest name if there is no such recipe.
const PaperTable& find_recipe(const std::string& id);

}  // namespace qkvbench::study
