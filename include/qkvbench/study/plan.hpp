// The part of a paper's grid that fits a budget of time on this machine: chosen once, written down, and kept.
// Chooses; runs nothing but the first steps of a few runs to see how fast this machine is.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/study/recipes.hpp"
#include "qkvbench/study/sweep.hpp"

namespace qkvbench::study {

struct Plan {
  std::string recipe, budget;            ///< budget: "600s" or "full"
  std::string level;                     ///< the grid that was chosen
  std::vector<std::string> shrunk;       ///< against the recipe's first grid: "d_model 32, 64 of 32, 64, 256"
  std::vector<std::string> unavailable;  ///< data of the recipe that are not there today, and what to do
  std::vector<run::Config> runs;         ///< those whose data are there today
  double expected_s = 0;                 ///< of the runs that were not finished when the plan was made; 0: not timed
  std::string next_level;                ///< the next larger grid whose data are there; empty when there is none
  double next_s = 0;                     ///< the budget that it needs once these runs are finished
  std::string news;                      ///< why a kept plan was made anew; empty when it was not
};

/// What is missing for the recipe's grids today: which data, where they were looked for, and how to get them.
std::vector<std::string> missing_data(const PaperTable& recipe);

/// The largest level of the recipe whose runs are expected to take no longer than budget_s (0: no limit), or its
/// smallest. Runs that are finished in options.out take no time. Tasks whose data are not there are left out.
/// The choice is kept in options.out/plan-<recipe>-<budget>.json and holds from then on, so that the same command goes
/// on with the same runs, on this machine and on others that share the directory; data that were missing and are there
/// now make it anew.
/// Throws Error: input when no data are there at all, or the file is damaged; output when it cannot be written; as
/// RunClock does.
Plan make_plan(const PaperTable& recipe, double budget_s, const SweepOptions& options);

}  // namespace qkvbench::study
