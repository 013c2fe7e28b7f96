// `reproduce surgery`: converts the trained models, trains them on, and what stands in the table, its CSV and its JSON.
#pragma once
#include "qkvbench/cli/reproduce_similarity.hpp"
#include "qkvbench/cli/sweep_run.hpp"

namespace qkvbench::cli {

/// Converts and trains on what the summary has of q_k_v, in the directory and with the jobs of `flags`; what is there
/// is found. With another status than done the answer's numbers are those that there are. Throws Error as
/// run::convert_run() and study::sweep() do.
ReproduceAnswer surgery_answer(const Session& session, const study::PaperTable& recipe, const report::Summary& summary,
                               const SweepFlags& flags, const std::vector<std::string>& remarks);

}  // namespace qkvbench::cli
