// `reproduce similarity`: what stands in its table, its CSV and its JSON.
// Which runs there are, and where the forms go, is reproduce's.
#pragma once
#include "qkvbench/cli/command.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::cli {

/// What `reproduce` prints of a table, whatever its cells are.
struct ReproduceAnswer {
  report::Table table;
  std::string csv;
  formats::Json cells;
  std::vector<report::ClaimResult> claims;
  std::string page{};         ///< of a table with a page of its own: HTML
  Exit status = Exit::kDone;  ///< how further runs ended
};

/// Measures the models of the summary's runs, data set by data set; those of a data set with runs missing are left out
/// unless the summary averages all the same.
/// Throws Error as run::load_run() and run::analyze() do.
ReproduceAnswer similarity_answer(const Session& session, const study::PaperTable& recipe,
                                  const report::Summary& summary);

}  // namespace qkvbench::cli
