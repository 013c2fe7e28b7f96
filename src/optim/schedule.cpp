// The schedules.
// Step counts from zero; nothing is remembered between steps.
#include "qkvbench/optim/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::optim {

const std::vector<std::string>& schedule_names() {
  static const std::vector<std::string> names{"cosine", "multistep", "constant"};
  return names;
}

double schedule_factor(const ScheduleOptions& o, index_t step) {
  if (std::ranges::find(schedule_names(), o.name) == schedule_names().end())
    fail_usage(unknown_name("schedule", o.name, schedule_names()));
  if (step < o.warmup_steps) return static_cast<double>(step) / static_cast<double>(o.warmup_steps);
  if (o.name == "constant") return 1;
  if (o.name == "multistep")
    return (2 * step >= o.total_steps ? 0.1 : 1.0) * (4 * step >= 3 * o.total_steps ? 0.1 : 1.0);
  const double done = static_cast<double>(step - o.warmup_steps) /
                      static_cast<double>(std::max<index_t>(1, o.total_steps - o.warmup_steps));
  return o.final_factor + (1 - o.final_factor) * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done)));
}

}  // namespace qkvbench::optim
