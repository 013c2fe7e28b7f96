// CLI11's own messages are replaced where they do not say how to mend what is wrong.
// Names are offered where they are near, and those of other programs where ours is another one.
#include "qkvbench/cli/explain.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "qkvbench/base/text.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/run/config.hpp"

namespace qkvbench::cli {

namespace {

/// Long flags of a command, for suggestions.
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

/// Flags that other programs have, and what does here what they do.
constexpr std::array<std::pair<const char*, const char*>, 17> kElsewhere{{{"--learning-rate", "--lr"},
                                                                          {"--output", "--out"},
                                                                          {"--output-dir", "--out"},
                                                                          {"--logdir", "--out"},
                                                                          {"--from", "--init-from"},
                                                                          {"--dataset", "--task"},
                                                                          {"--wd", "--weight-decay"},
                                                                          {"--hidden-size", "--d-model"},
                                                                          {"--dim", "--d-model"},
                                                                          {"--n-layers", "--layers"},
                                                                          {"--n-heads", "--heads"},
                                                                          {"--num-layers", "--layers"},
                                                                          {"--num-heads", "--heads"},
                                                                          {"--context-length", "--seq-len"},
                                                                          {"--block-size", "--seq-len"},
                                                                          {"--n-threads", "--threads"},
                                                                          {"--max-steps", "--steps"}}};

std::string unknown_flag(const std::string& name, const std::vector<std::string>& flags) {
  for (const char* word : {"--gpu", "--cuda", "--device"})
    if (name == word) return "unknown flag '" + name + "'; all of it runs on the CPU, leave it out";
  for (const auto& [theirs, ours] : kElsewhere)
    if (name == theirs && std::ranges::find(flags, ours) != flags.end())
      return "unknown flag '" + name + "': did you mean '" + ours + "'?";
  return unknown_name_in_short("flag", name, flags);  // all that there are would fill a screen, as --help does
}

/// An argument too many: what it may be the value of.
std::string unexpected(const std::string& argument, const std::vector<std::string>& flags) {
  std::string flag;
  for (const nn::AttentionKind& kind : nn::all_kinds())
    if (argument == kind.id || argument == std::string(kind.id) + "+") flag = "--variant";
  for (const data::Task& task : data::all_tasks())
    if (argument == task.id) flag = "--task";
  for (const run::Preset& preset : run::all_presets())
    if (flag.empty() && argument == preset.id) flag = "--preset";
  const bool offer = !flag.empty() && std::ranges::find(flags, flag) != flags.end();
  return "unexpected argument '" + argument + "'" +
         (offer ? ": did you mean '" + flag + " " + argument + "'?" +
                      (flag == "--variant" ? " Several stand between commas" : "")
                : "");
}

/// "--out DIR" of a flag, "PATH" of an argument.
std::string written(const CLI::Option& option) {
  std::string type = option.get_type_name();
  type = type.substr(0, type.find(' '));
  if (type.empty() || type.front() == '[') type = "VALUE";
  return option.get_lnames().empty() ? type : "--" + option.get_lnames().front() + " " + type;
}

/// The option that a message of CLI11's begins with; null if there is none.
const CLI::Option* option_in(const CLI::App& app, const std::string& message) {
  const std::string name = message.substr(0, message.find_first_of(": "));
  for (const CLI::Option* option : app.get_options())
    if (name == option->get_name() || name == "--" + option->get_single_name() ||
        ("," + option->get_name(false, true) + ",").find("," + name + ",") != std::string::npos)
      return option;
  return nullptr;
}

/// The innermost command that was named.
const CLI::App& chosen_of(const CLI::App& app) {
  const CLI::App* chosen = &app;
  while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands()[0];
  return *chosen;
}

/// "qkvbench data fetch" of it.
std::string path_of(const CLI::App& chosen) {
  const CLI::App* const parent = chosen.get_parent();
  return (parent == nullptr ? "" : path_of(*parent) + " ") + chosen.get_name();
}

std::string lacks_its_value(const CLI::Option& option) {
  return "--" + option.get_single_name() + " lacks its value; write " + written(option);
}

}  // namespace

std::string explain_swallowed(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App& chosen = chosen_of(app);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string &word = words[i], next = words[i + 1].substr(0, words[i + 1].find('='));
    const CLI::Option* option = word.starts_with("--") ? chosen.get_option_no_throw(word) : nullptr;
    if (option != nullptr && option->get_items_expected_min() > 0 && next.starts_with("-") &&
        chosen.get_option_no_throw(next) != nullptr)
      return lacks_its_value(*option) + " (see " + path_of(chosen) + " --help)";
  }
  return "";
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* chosen = &chosen_of(app);
  const std::string help = " (see " + path_of(*chosen) + " --help)";
  const std::vector<std::string> extras = app.remaining(true);
  if (const auto commands = chosen->get_subcommands([](const CLI::App*) { return true; }); !commands.empty()) {
    if (extras.empty() || (chosen != &app && extras.front().starts_with("--")))
      return "no command given" + (chosen == &app ? "; 'qkvbench help' lists them" : help);
    std::vector<std::string> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    if (chosen != &app) return unknown_name("command", extras.front(), names);
    names.emplace_back("help");
    for (const char* word : {"version", "-V", "-v"})
      if (extras.front() == word) return "unknown command '" + extras.front() + "': did you mean '--version'?";
    return unknown_name_in_short("command", extras.front(), names) + " (see qkvbench help)";
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) && !extras.empty()) {
    const std::string& extra = extras.front();
    return (extra.starts_with("-") ? unknown_flag(extra.substr(0, extra.find('=')), flags_of(*chosen))
                                   : unexpected(extra, flags_of(*chosen))) +
           help;
  }
  std::string message = error.what();
  std::ranges::replace(message, '\n', ' ');
  const CLI::Option* option = option_in(*chosen, message);
  if (option != nullptr && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
    return written(*option) + " is missing: " + option->get_description() + help;
  if (option != nullptr && dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return lacks_its_value(*option) + help;
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr) {
    const std::size_t at = message.find(" excludes ");
    return message.substr(0, at) + " and " + message.substr(at + 10) + " do not go together; leave one of them out" +
           help;
  }
  return message + help;
}

}  // namespace qkvbench::cli
