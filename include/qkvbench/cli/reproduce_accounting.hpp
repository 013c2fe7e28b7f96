// `reproduce accounting`: the paper's counts of parameters and cache, which need no run.
#pragma once
#include <vector>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/paper_table.hpp"

namespace qkvbench::cli {

/// kCheckFailed when a claim is refuted.
Exit verdict_status(const std::vector<report::ClaimResult>& claims);

/// Prints every count beside the paper's, and what they say of its claims.
Exit reproduce_accounting(const Session& session);

}  // namespace qkvbench::cli
