// The paper's claims put to the test on a summary: an effect, its interval, and whether it holds.
// A claim is a row of experiment/recipes; here stands only how each kind is judged.
#pragma once
#include "qkvbench/experiment/recipes.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/summary.hpp"

namespace qkvbench::report {

/// Judges every claim of a recipe.
/// An effect is the mean, over all tasks of the claim, of differences between runs of one configuration and seed:
/// points of accuracy, or per cent of perplexity. Its interval (95 %) is a bootstrap over configurations, or Student's
/// over seeds when there is one. A claim holds, or is refuted, when the whole interval says so; without an interval, or
/// with runs missing, it is inconclusive. "Worst" compares with every other arm by paired tests on configurations and
/// seeds, corrected by Holm, at 5 %.
std::vector<ClaimResult> judge(const experiment::Recipe& recipe, const Summary& summary);

/// The paper's values of the cells of a summary, under the names that it uses.
std::vector<ReferenceValue> reference_values(const experiment::Recipe& recipe);

/// The relative difference of two cells of the paper, or their difference; none when either is not there.
std::optional<double> paper_effect(const experiment::Recipe& recipe, const std::string& task, const Arm& arm,
                                   const Arm& against, bool rerun);

}  // namespace qkvbench::report
