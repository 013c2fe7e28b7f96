// The job script that spreads a sweep over a cluster.
// Text only: nothing is submitted, and the scheduler is not asked for anything.
#pragma once
#include <string>

#include "qkvbench/cli/sweep_run.hpp"

namespace qkvbench::cli {

struct SlurmFlags {
  int tasks = 0;  ///< 0: no script
  bool ranks = false, single_node = false;
};

/// A script for sbatch: an array of tasks each with a share of the runs, or one job whose ranks share them. Cores and
/// memory are what the largest run needs, times the runs at a time. With --max-time it asks for that time and
/// some minutes more, and is queued again when it was too short.   what: the runs as the user named them.
std::string slurm_script(const Session& session, const std::string& what, const NamedRuns& runs,
                         const SweepFlags& sweep, const SlurmFlags& flags);

}  // namespace qkvbench::cli
