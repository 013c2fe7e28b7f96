// The paper's claims put to the test on a summary: an effect, its interval, and whether it holds.
// A claim is a row of study/recipes; here stands only how each kind is judged.
#pragma once
#include "qkvbench/report/agreement.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/effects.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::report {

/// Judges every claim of a recipe by one rule: a claim is one number against one threshold; it holds, or is refuted,
/// when the number's interval lies wholly on one side. Intervals have 1 − 0.05/(claims of the recipe), so that all
/// together have 95 %, and p_adjusted ≤ 0.05 says the same as the interval. The number is an effect: the mean over
/// configurations (of one, over seeds) of differences between runs of the same configuration and seed, over all tasks
/// of the claim: points of accuracy, or per cent of perplexity. Of "worst" it is the difference from the closest other
/// arm, of "all solve" the lowest mean, each with an interval that allows for having been picked; of "learned" it is
/// the arm's mean accuracy. A claim whose baseline q_k_v has not learned its tasks (see learned.hpp) is not tested;
/// with runs missing, or too few for an interval, it is inconclusive. The authors' re-run's effects are those of the
/// same configurations; the paper's, which are of its whole grid, are given only when that was run, or for per cent of
/// perplexity. grid: the level of the recipe that was run; empty: the whole one.
std::vector<ClaimResult> judge(const study::PaperTable& recipe, const Summary& summary, const std::string& grid = "");

/// What a page shows beside this machine's accuracies: of the authors' re-run the means over the configurations that
/// both ran; the paper's own means only beside its whole grid. None of perplexities.
std::vector<ReferenceValue> reference_values(const study::PaperTable& recipe, const Agreement& agreement,
                                             const std::string& grid);

/// The paper's number of one cell; none when it has no such cell.
std::optional<double> paper_number(const study::PaperTable& recipe, const std::string& task, const Side& side);
/// The paper's relative difference of two arms, or of accuracies their difference; the mean over the tasks, none when
/// a cell is not there.
std::optional<double> paper_effect(const study::PaperTable& recipe, const std::vector<std::string>& tasks,
                                   const Side& one, const Side& other);
/// The paper's difference arm − against at the last value of the recipe's key that it has, less that at the first.
std::optional<double> paper_change(const study::PaperTable& recipe, const study::Claim& claim);
/// The same difference of accuracies in the authors' re-run, over the configurations that both ran.
std::optional<double> rerun_effect(const Agreement& agreement, const std::vector<std::string>& tasks, const Arm& arm,
                                   const Arm& against);

}  // namespace qkvbench::report
