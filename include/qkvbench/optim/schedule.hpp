// Learning-rate schedules: a factor for each step. Rows of one table, chosen by name.
// Pure functions of the step: nothing to save or resume.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::optim {

struct ScheduleOptions {
  std::string name = "cosine";  ///< "cosine", "multistep" or "constant"
  index_t warmup_steps = 0;     ///< the factor rises linearly from 0 over this many steps
  double final_factor = 0;      ///< where cosine ends
  index_t total_steps = 1;
};

/// The factor of step s, counted from 0: s/warmup below warmup; behind it, with u the share of the remaining steps
/// done,
///   cosine: final + (1 - final)·½(1 + cos πu);  multistep: 0.1 for each of ½ and ¾ of all steps reached;  constant: 1.
/// Throws Error (usage) on an unknown name.
double schedule_factor(const ScheduleOptions& options, index_t step);

const std::vector<std::string>& schedule_names();

}  // namespace qkvbench::optim
