// One line after the other. What the lines ask for follows from the grid and from --jobs, --threads and --max-time.
#include "qkvbench/cli/slurm_script.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/process.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/run/costs.hpp"

namespace qkvbench::cli {

namespace {

/// MiB that a run needs at most: training's memory, a quarter more, and room for program and data.
long long largest_run_mib(const std::vector<run::Config>& configs) {
  constexpr double kMib = 1 << 20, kProgramAndData = 512;
  index_t most = 0;
  for (const run::Config& config : configs) most = std::max(most, run::training_memory(config).total());
  return std::llround(std::ceil(1.25 * static_cast<double>(most) / kMib + kProgramAndData));
}

std::string sbatch(const std::string& option) { return "#SBATCH --" + option + "\n"; }

std::string time_line(const std::string& max_time) {
  if (max_time.empty())
    return "##SBATCH --time=24:00:00   # to fill in: with one # the line counts; --max-time writes it\n";
  constexpr double kEnding_s = 300;  // between asking runs to stop and the end of the job
  return sbatch("time=" +
                std::to_string(std::llround(std::ceil((parse_duration("--max-time", max_time) + kEnding_s) / 60))));
}

}  // namespace

std::string slurm_script(const Session& session, const std::string& what, const NamedRuns& runs,
                         const SweepFlags& sweep, const SlurmFlags& flags) {
  const int jobs = sweep.jobs > 0 ? sweep.jobs : 16, threads = std::max(1, session.threads);
  const std::string tasks = std::to_string(flags.tasks);
  const bool ranks = flags.ranks || flags.single_node;
  // Since Slurm 22.05 srun does not take over what sbatch was asked for.
  const std::string cpus = "cpus-per-task=" + std::to_string(jobs * threads);
  std::string script =
      "#!/bin/sh\n"
      "# " +
      std::string(ranks ? "The ranks of the job share the runs"
                        : "Every task of the array does its share of the runs") +
      "; the directory must be on a disk that all of them see.\n"
      "# Submit it again after a failure: what is finished is not run again.\n";
  script += sbatch("job-name=" + shell_word("qkvbench-" + runs.name));
  script += sbatch(ranks ? "ntasks=" + tasks : "array=1-" + tasks);
  if (flags.single_node) script += sbatch("nodes=1");
  script += sbatch(cpus) +
            sbatch("mem-per-cpu=" + std::to_string((largest_run_mib(runs.configs) + threads - 1) / threads) + "M");
  script += sbatch("requeue") + sbatch("open-mode=append") + sbatch("signal=TERM@60");
  script += sbatch("output=" + shell_word("qkvbench-" + runs.name + (ranks ? "-%j.log" : "-%A_%a.log")));
  script += time_line(sweep.max_time);
  if (ranks) script += "# `srun --mpi=list` says what this cluster has instead of pmix, pmi2 say.\n";
  script += "srun " + std::string(ranks ? "--mpi=pmix --ntasks=" + tasks + " " : "") + "--" + cpus +
            " qkvbench sweep " + shell_word(what) + " --out " + shell_word(sweep.out) + " --jobs " +
            std::to_string(jobs);
  if (session.threads > 0) script += " --threads " + std::to_string(threads);
  if (sweep.events) script += " --tensorboard";
  if (sweep.max_time.empty()) return script + "\n";
  return script + " --max-time " + shell_word(sweep.max_time) +
         "\n"
         "status=$?\n"
         "# Out of time: the rest in another turn.\n"
         "[ $status -eq 75 ] && [ \"${SLURM_RESTART_COUNT:-0}\" -lt 100 ] && scontrol requeue \"$SLURM_JOB_ID\"\n"
         "exit $status\n";
}

}  // namespace qkvbench::cli
