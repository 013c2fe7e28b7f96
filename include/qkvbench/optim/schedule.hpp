// Learning-rate schedules: a factor for each step. Rows of one table, chosen by name.
// Pure functions of the step: nothing to save or resume.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::optim {

struct ScheduleOptions {
  std::string name = "cosine";  ///< "cosine", "multistep" or "constant"
  index_t warmup_steps = 0;     ///< the factor rises linearly over this many steps and is 1 at the last of them
  double final_factor = 0;      ///< where cosine ends
  index_t total_steps = 1;
  index_t steps_per_epoch = 0;  ///< of runs of whole epochs; 0: multistep falls at shares of the steps
};

/// W = max(1, ⌊share·total⌋), the steps that a warm-up over a share of all steps takes.
///   Source: the authors' lr_lambda_factory, which has W = 1 without a warm-up too: the cosine begins a step later.
index_t warmup_steps_of(double share, index_t total_steps);

/// The factor of step s, counted from 0: (s + 1)/W below W; behind it, with u = (s - W)/(total - W),
///   cosine: final + (1 - final)·½(1 + cos πu);  constant: 1;
///   multistep: 0.1 from epoch ⌊E/2⌋ on and 0.1 again from ⌊3E/4⌋ on, of E epochs; from ½ and ¾ of all steps on in runs
///   that are not of whole epochs. A single epoch keeps its rate: PyTorch would begin it at a hundredth.
/// Throws Error (usage) on an unknown name.   Source: the authors' training loops.
double schedule_factor(const ScheduleOptions& options, index_t step);

const std::vector<std::string>& schedule_names();

}  // namespace qkvbench::optim
