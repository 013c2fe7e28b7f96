// Parts of the JSON that `reproduce` writes.
// Not the whole of it, which is put together where it is printed.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/answer.hpp"
#include "qkvbench/report/paper_table.hpp"
#include "qkvbench/study/plan.hpp"

namespace qkvbench::cli {

/// A list of objects, a claim each; accuracies are fractions, effects in the claim's unit.
formats::Json claims_json(const std::vector<report::ClaimResult>& claims);
/// A list of sentences.
formats::Json answers_json(const std::vector<report::Answer>& answers);
/// A cell of any table. `quantity`: what its numbers are; counts have neither interval nor runs.
formats::Json cell_json(const report::PaperRow& row, const std::string& quantity);
/// A list of objects, a cell each: `here` is over all its runs, `shared` and `rerun` over the configurations that the
/// authors' re-run has too.
formats::Json cells_json(const std::vector<report::PaperRow>& rows);
/// Null when nothing is shared with the re-run.
formats::Json agreement_json(const report::Agreement& agreement);
/// {"grid", "budget_s"}, or null when there is no larger part.
formats::Json next_json(const study::Plan& plan);

}  // namespace qkvbench::cli
