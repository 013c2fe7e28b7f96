// A table of the paper made anew from records: its cells beside the paper's, its claims, and what has to be said of it.
// Which runs there are is the plan's. Tables that look into models (similarity, surgery) have a summary here, no rows.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/agreement.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/paper_document.hpp"
#include "qkvbench/report/paper_table.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/study/plan.hpp"

namespace qkvbench::report {

struct Reproduction {
  Summary summary;
  Agreement agreement;
  std::vector<PaperRow> rows;
  std::vector<ClaimResult> claims;
};

/// The records must outlive it. allow_missing, mix_builds: as in SummaryOptions.
Reproduction reproduction_of(const study::PaperTable& recipe, const study::Plan& plan,
                             const std::vector<run::Record>& records, bool allow_missing, bool mix_builds);

/// What was shrunk or left out, plainly, a line each.
std::vector<std::string> remarks_of(const study::PaperTable& recipe, const study::Plan& plan);
/// What stands below the table: how it agrees with the authors' re-run, and what a larger budget would run.
std::vector<std::string> lines_below(const study::PaperTable& recipe, const study::Plan& plan,
                                     const Reproduction& reproduction);

}  // namespace qkvbench::report
