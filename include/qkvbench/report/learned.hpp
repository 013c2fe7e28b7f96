// Whether the baseline has learned a task well enough for a comparison with it to say anything.
// Chance levels and published levels are rows of the tables in learned.cpp.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::report {

/// The accuracy of one answer to everything; of SORT the best answer by position alone, for lists of seq_len symbols.
/// None of text.
std::optional<double> chance_level(const std::string& task, index_t seq_len);

/// The same of a configuration; of images one of the model's classes where the task has no number of its own.
std::optional<double> chance_of(const run::Config& config);
/// The best accuracy there is on its task; none where that is not known.
std::optional<double> optimum_of(const run::Config& config);
/// That of a group whose runs all have the same; else none.
std::optional<double> chance_of(const Summary& summary, const Group& group);
/// The best there is on a group's task, as its metric counts it: accuracy, or the perplexity of the generator itself of
/// generated text. None where it is not known or not the same for all runs.
std::optional<double> limit_of(const Summary& summary, const Group& group);

/// The baseline q_k_v on one task: accuracies, or of text validation losses in nats (the mean of its runs). It has
/// learned when it is half-way from chance to the paper's accuracy; generated text when it is within 0.2 nats of the
/// floor, and Shakespeare by characters within 0.1 nats of the loss that nanoGPT publishes. A text without floor or
/// published loss, and a task without the paper's accuracy, cannot be judged.
/// `at`: the value of the recipe's key `by`, if it has one.
BaselineLevel baseline_level(const study::PaperTable& recipe, const Summary& summary, const std::string& task,
                             const std::string& at = "");

/// The same of one cell of q_k_v; `paper`: the paper's accuracy, if it has one.
BaselineLevel baseline_level(const Cell& cell, std::optional<double> paper);

/// The levels of all claims, each task once, or once at each value of the recipe's key. The published level is left
/// out: an accuracy is the paper's mean over its whole grid, and what follows from it stands under "needed".
Table baseline_table(const std::vector<ClaimResult>& claims);

}  // namespace qkvbench::report
