// The configuration's keys as flags of a command.
// What a key is called, may be and means stands in run/options.cpp, not here.
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"

namespace qkvbench::cli {

using run::Config;
using run::Option;

void ConfigFlags::add_to(CLI::App& command) {
  const Config defaults;
  for (const Option& option : run::all_options()) {
    const std::string key = option.key;
    add_option(
        command, option.flag(), [this, key](const std::string& text) { given_[key] = text; }, option.help)
        .type_name("[" + option.text(defaults) + "]")
        .take_last()
        .group(option.group);
  }
  add_option(command, "--config", config_file_, "a configuration, or a result.json; - for stdin; flags go on top")
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
    if (given != given_.end() && given->first != "variant") set_option(config, option, given->second);
  }
  const bool task_is_chosen =
      given_.contains("task") || given_.contains("init_from") || !config_file_.empty() || !preset_.empty();
  for (const Option& option : run::all_options())
    if (given_.contains(option.key)) check_concerns(config, option, task_is_chosen);
  return config;
}

std::vector<Config> ConfigFlags::resolved() const {
  const Config config = unresolved();
  const auto given = given_.find("variant");
  std::vector<std::string> variants = given == given_.end() ? std::vector<std::string>{} : split(given->second, ',');
  if (variants.empty()) variants = {config.model.variant.id()};
  std::vector<Config> configs;
  for (const std::string& variant : variants) {
    configs.push_back(config);
    if (configs.size() > 1) configs.back().task.opened = configs.front().task.opened;
    configs.back().model.variant = nn::parse_variant(variant);
    run::resolve(configs.back());
  }
  return configs;
}

}  // namespace qkvbench::cli
