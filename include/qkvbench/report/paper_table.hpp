// A table of the paper beside this machine's cells, and its claims: what `reproduce` prints.
// Numbers come from a summary and from study/recipes; nothing is judged here.
#pragma once
#include "qkvbench/report/agreement.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::report {

/// One cell here, in the paper and in the authors' re-run. Accuracies are fractions; of perplexities it is the per cent
/// above q_k_v's, since models and texts of another size have other perplexities.
struct PaperRow {
  std::string task, arm;
  std::optional<double> here;
  std::optional<double> paper;       ///< a mean over the paper's whole grid: of accuracies only where that was run
  std::optional<Interval> interval;  ///< of `here`, 95 %
  std::optional<double> solved;      ///< share of runs, of accuracies only
  std::size_t runs, expected, configurations;
  std::optional<SharedCell> shared;  ///< with the authors' re-run, if they ran one of its configurations
  std::vector<std::pair<std::string, std::string>> settings{};  ///< the recipe's key `by` and its value, if it has one
};

/// In the order of the summary's cells. grid: the recipe's level that was run; empty: the whole one.
std::vector<PaperRow> paper_rows(const study::PaperTable& recipe, const Summary& summary, const Agreement& agreement,
                                 const std::string& grid);
/// The same as a table; columns without any number are left out. The re-run's are means over the configurations that
/// both ran, and so is the difference from it.
Table paper_table(const std::vector<PaperRow>& rows);

/// Id, threshold, effect with its interval, the paper's, the re-run's, verdict: fits 80 columns.
Table claims_table(const std::vector<ClaimResult>& claims);

/// Cells and claims as one list with numbers in full: `kind` is cell or claim, and what one of them lacks is empty.
std::string paper_csv(const std::vector<PaperRow>& rows, const std::vector<ClaimResult>& claims);

}  // namespace qkvbench::report
