// Names of arms, and the arm of a configuration.
// No table: which arms there are follows from the runs.
#include "qkvbench/study/arm.hpp"

#include "qkvbench/run/identity.hpp"

namespace qkvbench::study {

std::string Arm::name() const {
  std::string text = variant;
  if (kv_heads > 0) text += ", " + std::to_string(kv_heads) + (kv_heads == 1 ? " kv head" : " kv heads");
  for (const auto& [key, value] : options) text.append(", ").append(key).append(value == "true" ? "" : " " + value);
  return text;
}

Arm arm_of(const run::Config& config) {
  Arm arm{config.model.variant.id(), config.model.kv_heads == config.model.heads ? 0 : config.model.kv_heads};
  const run::Config identity = run::identity_of(config);
  for (const run::Option& option : run::all_options())
    if (option.of_arm() && !option.is_neutral(identity)) arm.options.emplace_back(option.key, option.text(identity));
  return arm;
}

}  // namespace qkvbench::study
