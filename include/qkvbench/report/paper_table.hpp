// A table of the paper beside this machine's cells, and its claims: what `reproduce` prints.
// Numbers come from a summary and from experiment/recipes; nothing is judged here.
#pragma once
#include "qkvbench/experiment/recipes.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

/// One cell here and in the paper. Accuracies are fractions; of perplexities it is the per cent above q_k_v's, since
/// models of another size have other perplexities.
struct PaperRow {
  std::string task, arm;
  std::optional<double> here, paper, rerun;
  std::optional<Interval> interval;  ///< of `here`, 95 %
  std::optional<double> solved;      ///< share of runs, of accuracies only
  std::size_t runs, expected;
};

/// In the order of the summary's cells.
std::vector<PaperRow> paper_rows(const experiment::Recipe& recipe, const Summary& summary);
/// The same as a table with the difference here − paper.
Table paper_table(const experiment::Recipe& recipe, const Summary& summary);

/// Id, claim, threshold, effect with its interval, adjusted p, the paper's, the re-run's, verdict.
Table claims_table(const std::vector<ClaimResult>& claims);

}  // namespace qkvbench::report
