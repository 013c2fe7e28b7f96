// Keys that follow from others (0 until resolved) are written out in commands: they are then right without the data.
// Seeds of the same variants are one loop of the shell.
#include "qkvbench/report/settings.hpp"

#include <algorithm>
#include <set>
#include <type_traits>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/report/page.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using run::Config;
using run::Option;
using run::Record;

std::string family_of(const std::string& task) {
  for (const data::Task& known : data::all_tasks())
    if (known.id == task) return known.form();
  return {};
}

bool is_arm_key(const Option& option) {
  const std::string key = option.key;
  return option.of_arm() || key == "task" || key == "variant" || key == "kv_heads";
}

/// Where a run begins of which only the task is named.
Config start_of(const std::string& task) {
  Config config;
  if (const run::Preset* recipe = run::default_preset(task)) apply_preset(config, *recipe);
  config.task.id = task;
  return config;
}

/// Whether the micro-batches are those that a run has of itself.
bool usual_micro_batch(const Config& config) {
  try {
    return config.train.micro_batch == run::default_micro_batch(config);
  } catch (const Error&) {
    return false;  // a record is shown even where no model can be made of it
  }
}

/// The flags of a run but for variant and seed.
std::string flags_of(const Config& config) {
  const Config start = start_of(config.task.id);
  const std::string family = family_of(config.task.id);
  std::string out = " --task " + shell_word(config.task.id);
  for (const Option& option : run::all_options()) {
    const std::string key = option.key, text = setting_text(config, option);
    const bool follows = (key == "kv_heads" && config.model.kv_heads == config.model.heads) ||
                         (key == "micro_batch" && usual_micro_batch(config));
    if (key == "task" || key == "variant" || key == "seed" || follows || !option.concerns(family) ||
        text == setting_text(start, option))
      continue;
    out += " " + option.flag() + " " + shell_word(text);
  }
  return out;
}

}  // namespace

std::string setting_text(const Config& config, const Option& option) {
  const Option::Value value = option.value(config);
  const auto* number = std::get_if<double>(&value);
  return number != nullptr ? exact(*number) : option.text(config);
}

std::pair<double, std::string> setting_value(const Config& config, const Option& option) {
  const double number = std::visit(
      [](const auto& value) -> double {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::string>)
          return 0;
        else
          return static_cast<double>(value);
      },
      option.value(config));
  return {number, setting_text(config, option)};
}

std::map<std::string, std::vector<std::string>> values_of(const std::vector<Record>& records, const std::string& task) {
  const std::string family = family_of(task);
  std::map<std::string, std::vector<std::string>> values;
  for (const Option& option : run::all_options()) {
    if (is_arm_key(option) || !option.concerns(family)) continue;
    std::set<std::pair<double, std::string>> seen;
    for (const Record& record : records)
      if (record.config.task.id == task) seen.insert(setting_value(record.config, option));
    for (const auto& [number, text] : seen) values[option.key].push_back(text.empty() ? "(default)" : text);
  }
  return values;
}

std::vector<std::string> commands_of(const std::vector<Record>& records) {
  // Flags, then seed: its variants; then the same variants' seeds together.
  std::map<std::string, std::map<std::uint64_t, std::vector<std::string>>> runs;
  std::vector<std::string> order;
  for (const Record& record : records) {
    const std::string flags = flags_of(record.config);
    if (!runs.contains(flags)) order.push_back(flags);
    std::vector<std::string>& variants = runs[flags][record.config.task.seed];
    if (std::ranges::find(variants, record.config.model.variant.id()) == variants.end())
      variants.push_back(record.config.model.variant.id());
  }
  std::vector<std::string> commands;
  for (const std::string& flags : order) {
    std::map<std::vector<std::string>, std::vector<std::string>> seeds;
    for (const auto& [seed, variants] : runs[flags]) seeds[variants].push_back(std::to_string(seed));
    for (const auto& [variants, of] : seeds) {
      const std::string train = "qkvbench train" + flags + " --variant " + shell_word(join(variants, ",")) + " --seed ";
      commands.push_back(of.size() == 1 ? train + of[0] : "for s in " + join(of, " ") + "; do " + train + "$s; done");
    }
  }
  return commands;
}

}  // namespace qkvbench::report
