// The configuration's keys as flags of a command.
// What a key is called, may be and means stands in experiment/options.cpp, not here.
#include <algorithm>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"

namespace qkvbench::cli {

using experiment::Config;
using experiment::Option;

namespace {

/// The default value as help shows it; empty for text keys that have their own list.
std::string default_text(const Option& option) {
  const experiment::Json json = experiment::config_json(Config{});
  const auto& value = json[option.key];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

void ConfigFlags::add_to(CLI::App& command, const std::vector<std::string>& but) {
  for (const Option& option : experiment::all_options()) {
    if (std::find(but.begin(), but.end(), option.key) != but.end()) continue;
    const std::string key = option.key;
    command
        .add_option_function<std::string>(
            option.flag(), [this, key](const std::string& text) { given_[key] = text; }, option.help)
        ->type_name("[" + default_text(option) + "]")
        ->take_last()
        ->group(option.group);
  }
  command.add_option("--config", config_file_, "a configuration, or a result.json; flags go on top")
      ->type_name("FILE")
      ->group("Start from");
  command.add_option("--preset", preset_, "a named configuration (see list presets); flags go on top")
      ->type_name("NAME")
      ->group("Start from");
}

Config ConfigFlags::config() const {
  if (!config_file_.empty() && !preset_.empty())
    fail_usage("--config and --preset both name a starting point; give one of them");
  Config config;
  if (!config_file_.empty())
    config = experiment::read_config(config_file_);
  else if (!preset_.empty() || !given_.contains("task"))
    apply_preset(config, experiment::find_preset(preset_.empty() ? "quick" : preset_));
  // A configuration that was resolved has as many kv heads as heads unless someone asked for fewer: they follow.
  if (given_.contains("heads") && config.kv_heads == config.heads) config.kv_heads = 0;
  for (const Option& option : experiment::all_options()) {
    const auto given = given_.find(option.key);
    if (given != given_.end() && given->first != "variant") set_option(config, option, given->second);
  }
  config.variant = variants().empty() ? config.variant : variants().front();
  return config;
}

std::vector<std::string> ConfigFlags::variants() const {
  const auto given = given_.find("variant");
  return given == given_.end() ? std::vector<std::string>{} : split(given->second, ',');
}

}  // namespace qkvbench::cli
