// The configuration's keys as flags of a command.
// What a key is called, may be and means stands in run/options.cpp, not here.
#include <cstdint>
#include <optional>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"

namespace qkvbench::cli {

using run::Config;
using run::Option;

namespace {

constexpr std::size_t kMostSeeds = 1000;

/// The variants that --variant names: "qk_v", "q_k_v,q_kv", or all ways to share the three projections.
std::vector<nn::Variant> variants_of(const std::string& text) {
  std::vector<nn::Variant> variants;
  for (const std::string& name : split(text, ',')) {
    if (name.empty()) fail_usage("--variant: '" + text + "' lacks a name beside a comma; write q_k_v,q_kv");
    if (name == "all" || name == "all+") {
      for (const nn::AttentionKind& kind : nn::all_kinds())
        if (kind.is_partition()) variants.push_back({&kind, name == "all+"});
    } else {
      variants.push_back(nn::parse_variant(name));
    }
  }
  return variants;
}

/// The seeds that --seed names, each as text: "3", "0,1,2", "0-4". What is no number is left for the option to refuse.
std::vector<std::string> seeds_of(const std::string& text) {
  const auto number = [](const std::string& part) {
    const bool digits = !part.empty() && part.size() < 16 && part.find_first_not_of("0123456789") == std::string::npos;
    return digits ? std::optional<std::uint64_t>(std::stoull(part)) : std::nullopt;
  };
  std::vector<std::string> seeds;
  for (const std::string& part : split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = number(part.substr(0, dash)),
               last = dash == std::string::npos ? std::nullopt : number(part.substr(dash + 1));
    if (!first || !last) {
      if (part.empty() || part.find_first_not_of("0123456789") != std::string::npos)
        fail_usage("--seed: '" + text + "' is no seed; write 3, 0,1,2 or 0-4");
      seeds.push_back(part);  // its bounds are the option's
      continue;
    }
    if (*last < *first)
      fail_usage("--seed: '" + part + "' goes down; write " + part.substr(dash + 1) + "-" + part.substr(0, dash));
    if (*last - *first >= kMostSeeds)
      fail_usage("--seed: '" + part + "' are more than " + std::to_string(kMostSeeds) +
                 "; qkvbench sweep is for those");
    for (std::uint64_t seed = *first; seed <= *last; ++seed) seeds.push_back(std::to_string(seed));
  }
  return seeds.empty() ? std::vector<std::string>{text} : seeds;
}

}  // namespace

void ConfigFlags::add_to(CLI::App& command) {
  const Config defaults;
  for (const Option& option : run::all_options()) {
    const std::string key = option.key;
    const std::string several = key == "variant" ? "; several: q_k_v,q_kv, or all"
                                : key == "seed"  ? "; several: 0,1 or 0-4"
                                                 : "";
    add_option(
        command, option.flag(), [this, key](const std::string& text) { given_[key] = text; }, option.help + several)
        .type_name("[" + option.text(defaults) + "]")
        .take_last()
        .group(option.group);
  }
  add_option(command, "--config", config_file_,
             "a configuration, a result.json or its run's directory; - for stdin; flags go on top")
      .type_name("FILE")
      .group("Start from");
  add_option(command, "--preset", preset_, "a named configuration (see list presets); flags go on top")
      .type_name("NAME")
      .group("Start from");
}

Config ConfigFlags::unresolved() const {
  if (!config_file_.empty() && !preset_.empty())
    fail_usage("--config and --preset both name a starting point; give one of them");
  Config config;
  if (!config_file_.empty())
    config = run::read_config(config_file_);
  else if (preset_.empty() && given_.contains("init_from"))
    config = run::config_of_model(given_.at("init_from"));
  else if (!preset_.empty() || !given_.contains("task"))
    apply_preset(config, run::find_preset(preset_.empty() ? "quick" : preset_));
  else if (const run::Preset* recipe = run::default_preset(given_.at("task")))
    apply_preset(config, *recipe);
  // A configuration that was resolved has as many kv heads as heads unless someone asked for fewer: they follow.
  if (given_.contains("heads") && config.model.kv_heads == config.model.heads) config.model.kv_heads = 0;
  for (const Option& option : run::all_options()) {
    const auto given = given_.find(option.key);
    if (given != given_.end() && given->first != "variant" && given->first != "seed")
      set_option(config, option, given->second);
  }
  const bool task_is_chosen =
      given_.contains("task") || given_.contains("init_from") || !config_file_.empty() || !preset_.empty();
  for (const Option& option : run::all_options())
    if (given_.contains(option.key)) check_concerns(config, option, task_is_chosen);
  return config;
}

std::vector<Config> ConfigFlags::resolved() const {
  const Config config = unresolved();
  const auto value = [&](const char* key) {
    const auto given = given_.find(key);
    return given == given_.end() ? std::string() : given->second;
  };
  std::vector<nn::Variant> variants = variants_of(value("variant"));
  if (variants.empty()) variants = {config.model.variant};
  const std::vector<std::string> seeds =
      given_.contains("seed") ? seeds_of(value("seed")) : std::vector{std::to_string(config.task.seed)};
  std::vector<Config> configs;
  for (const std::string& seed : seeds) {
    const std::size_t first = configs.size();
    for (const nn::Variant& variant : variants) {
      configs.push_back(config);
      configs.back().model.variant = variant;
      set_option(configs.back(), run::find_option("seed", "--seed"), seed);
      configs.back().task.opened = configs[first].task.opened;
      run::resolve(configs.back());
    }
  }
  return configs;
}

}  // namespace qkvbench::cli
