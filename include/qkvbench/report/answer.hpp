// Which way is better, and what it costs: sentences that follow from a summary.
// Templates over its statistics; never stronger than they are.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/summary.hpp"

namespace qkvbench::report {

/// What can be said of an arm beside the baseline.
enum class Finding {
  kBetter,  ///< the whole interval on one side of zero, and p after Holm below 0.05
  kWorse,
  kNotTold,   ///< compared, and neither
  kNotJudged  ///< pairs are missing, there is one pair, or the baseline has not learned the task
};

/// Of one group: all its arms beside the baseline.
struct Answer {
  Group group;
  std::string text;  ///< one or several sentences
};

Finding finding_of(const Summary& summary, const Difference& difference);

/// For each group with differences, in the order of the summary: who is worse or better than the baseline and by how
/// much, who is not told from it and how large a difference that leaves possible, which of these is the cheapest, by
/// cache where models decode, else by parameters; or why nothing can be said.
std::vector<Answer> answers_of(const Summary& summary);

/// Of a table of the paper, without groups: a sentence for each verdict with the claims that have it and their effects,
/// and one for each arm with what it takes beside q_k_v.
std::vector<Answer> answers_of(const std::vector<ClaimResult>& claims, const Summary& summary);

/// A line for each, below a heading; empty without answers.
std::string answers_text(const std::vector<Answer>& answers);

}  // namespace qkvbench::report
