// The part of a paper's grid that fits a budget of time on this machine: chosen once, written down, and kept.
// Chooses; runs nothing but a second of training to see how fast this machine is.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/experiment/recipes.hpp"

namespace qkvbench::experiment {

struct Plan {
  std::string recipe, budget;            ///< budget: "600s" or "full"
  std::string level;                     ///< the grid that was chosen
  std::vector<std::string> shrunk;       ///< against the recipe's first grid: "d_model 32, 64 of 32, 64, 256"
  std::vector<std::string> unavailable;  ///< tasks of that grid whose data are not there, and what to do
  std::vector<Config> runs;
  double expected_s = 0;  ///< of all runs, when the plan was made
};

/// The largest level of the recipe whose runs are expected to take no longer than budget_s (0: no limit) with so many
/// at a time, or its smallest. Tasks whose data are not there are left out of a level and named.
/// The choice is kept in out/plan-<recipe>-<budget>.json and holds from then on, so that the same command goes on with
/// the same runs, on this machine and on others that share the directory.
/// Throws Error: input when no data are there at all, or the file is damaged; output when it cannot be written.
Plan make_plan(const Recipe& recipe, double budget_s, int jobs, const std::filesystem::path& out);

/// Model FLOP/s of training steps of a resolved configuration on one thread, from half a second of them.
double measure_flop_per_s(const Config& config);

}  // namespace qkvbench::experiment
