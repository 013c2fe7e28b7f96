// What `reproduce` prints of a table, whatever its cells are, and the answers of tables that look into the models.
// Which runs there are, and where the forms go, is reproduce's.
#pragma once
#include "qkvbench/cli/sweep_run.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::cli {

struct ReproduceAnswer {
  report::Table table;
  std::string csv;
  formats::Json cells;
  std::vector<report::ClaimResult> claims;
  std::string page{};         ///< of a table with a page of its own: HTML
  Exit status = Exit::kDone;  ///< how further runs ended
};

/// `reproduce similarity`. Measures the models of the summary's runs, data set by data set; those of a data set with
/// runs missing are left out unless the summary averages all the same.
/// Throws Error as run::load_run() and run::analyze() do.
ReproduceAnswer similarity_answer(const Session& session, const study::PaperTable& recipe,
                                  const report::Summary& summary);

/// `reproduce surgery`. Converts and trains on what the summary has of q_k_v, in the directory and with the jobs of
/// `flags`; what is there is found. With another status than done the answer's numbers are those that there are.
/// Throws Error as run::convert_run() and study::sweep() do.
ReproduceAnswer surgery_answer(const Session& session, const study::PaperTable& recipe, const report::Summary& summary,
                               const SweepFlags& flags, const std::vector<std::string>& remarks);

}  // namespace qkvbench::cli
