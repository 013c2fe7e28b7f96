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

namespace {

/// Whether the share quarters/4 of a run is over, counted in whole epochs where there are any.
bool reached(const ScheduleOptions& o, index_t quarters, index_t step) {
  if (o.steps_per_epoch == 0) return 4 * step >= quarters * o.total_steps;
  const index_t epoch = quarters * (o.total_steps / o.steps_per_epoch) / 4;
  return epoch > 0 && step >= epoch * o.steps_per_epoch;
}

}  // namespace

index_t warmup_steps_of(double share, index_t total_steps) {
  return std::max<index_t>(1, static_cast<index_t>(share * static_cast<double>(total_steps)));
}

double schedule_factor(const ScheduleOptions& o, index_t step) {
  if (std::ranges::find(schedule_names(), o.name) == schedule_names().end())
    fail_usage(unknown_name("schedule", o.name, schedule_names()));
  if (step < o.warmup_steps) return static_cast<double>(step + 1) / static_cast<double>(o.warmup_steps);
  if (o.name == "constant") return 1;
  if (o.name == "multistep") return (reached(o, 2, step) ? 0.1 : 1.0) * (reached(o, 3, step) ? 0.1 : 1.0);
  const double done = static_cast<double>(step - o.warmup_steps) /
                      static_cast<double>(std::max<index_t>(1, o.total_steps - o.warmup_steps));
  return o.final_factor + (1 - o.final_factor) * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done)));
}

}  // namespace qkvbench::optim
