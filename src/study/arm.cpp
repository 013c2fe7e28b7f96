// Names of arms, and the arm of a configuration.
// No table: which arms there are follows from the runs.
#include "qkvbench/study/arm.hpp"

namespace qkvbench::study {

std::string Arm::name() const {
  if (kv_heads == 0) return variant;
  return variant + ", " + std::to_string(kv_heads) + (kv_heads == 1 ? " kv head" : " kv heads");
}

Arm arm_of(const run::Config& config) {
  return {config.model.variant.id(), config.model.kv_heads == config.model.heads ? 0 : config.model.kv_heads};
}

}  // namespace qkvbench::study
