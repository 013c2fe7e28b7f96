// qkvbench completion: completions for three shells, and the man page, from the options that there are.
// Nothing is said here that --help does not say: every text is an option's own.
#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "qkvbench/base/process.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/nn/variant.hpp"
#include "qkvbench/run/config.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

/// A flag as a shell offers it.
struct Offered {
  std::string name, summary;
  bool has_value = false;
};

/// A command, or one below a command ("data fetch"), and its flags.
struct OfferedCommand {
  std::vector<std::string> path;
  std::string summary;
  std::vector<Offered> flags;
  std::vector<std::string> below;  ///< names of commands below it
};

void take(const CLI::App& app, const std::vector<std::string>& path, std::vector<OfferedCommand>& all) {
  OfferedCommand command{path, app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames())
      command.flags.push_back({"--" + name, option->get_description(), option->get_items_expected() > 0});
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* one : below) command.below.push_back(one->get_name());
  all.push_back(std::move(command));
  for (const CLI::App* one : below) {
    std::vector<std::string> longer = path;
    longer.push_back(one->get_name());
    take(*one, longer, all);
  }
}

/// All commands, the program itself first.
std::vector<OfferedCommand> commands_of(const CLI::App& program) {
  std::vector<OfferedCommand> all;
  take(program, {}, all);
  return all;
}

/// Values of the flags that name a row of a table.
std::vector<std::string> values_of(const std::string& flag) {
  std::vector<std::string> values;
  if (flag == "--task")
    for (const data::Task& task : data::all_tasks()) values.emplace_back(task.id);
  if (flag == "--preset")
    for (const run::Preset& preset : run::all_presets()) values.emplace_back(preset.id);
  if (flag == "--variant")
    for (const nn::AttentionKind& kind : nn::all_kinds()) values.emplace_back(kind.id);
  if (flag == "--precision") values = {"fp32", "bf16"};
  if (flag == "--color") values = {"auto", "always", "never"};
  return values;
}

std::vector<std::string> names_of(const OfferedCommand& command) {
  std::vector<std::string> names;
  for (const Offered& flag : command.flags) names.push_back(flag.name);
  return names;
}

std::string bash_text(const std::vector<OfferedCommand>& commands) {
  std::string out =
      "# bash completion for qkvbench; made by `qkvbench completion bash`\n"
      "_qkvbench() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path=\"\" word words\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case $word in -*) break ;; esac\n"
      "    case \"$path $word\" in\n";
  for (const OfferedCommand& command : commands)
    if (!command.path.empty()) out += "      \" " + join(command.path, " ") + "\") path=\"$path $word\" ;;\n";
  out += "    esac\n  done\n  case $prev in\n";
  for (const char* flag : {"--task", "--preset", "--variant", "--precision", "--color"})
    out += "    " + std::string(flag) + ") COMPREPLY=($(compgen -W " + shell_word(join(values_of(flag), " ")) +
           " -- \"$cur\")); return ;;\n";
  out += "  esac\n  case $path in\n";
  for (const OfferedCommand& command : commands)
    out += "    \"" + std::string(command.path.empty() ? "" : " ") + join(command.path, " ") + "\") words=" +
           shell_word(join(command.below, " ") + (command.below.empty() ? "" : " ") + join(names_of(command), " ")) +
           " ;;\n";
  return out +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
         "}\n"
         "complete -o filenames -F _qkvbench qkvbench\n";
}

/// A description in an _arguments specification: brackets and colons have a meaning there.
std::string zsh_words(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string zsh_function(const OfferedCommand& command) { return "_qkvbench_" + join(command.path, "_"); }

std::string zsh_text(const std::vector<OfferedCommand>& commands) {
  std::string out = "#compdef qkvbench\n# zsh completion; made by `qkvbench completion zsh`\n";
  for (const OfferedCommand& command : commands) {
    out += zsh_function(command) + "() {\n  _arguments \\\n";
    for (const Offered& flag : command.flags) {
      const std::vector<std::string> values = values_of(flag.name);
      const std::string value = !flag.has_value  ? ""
                                : values.empty() ? ":value:_files"
                                                 : ":value:(" + join(values, " ") + ")";
      out += "    " + shell_word(flag.name + "[" + zsh_words(flag.summary) + "]" + value) + " \\\n";
    }
    if (command.below.empty()) {
      out += "    '*:file:_files'\n}\n";
      continue;
    }
    out += "    '1:command:(" + join(command.below, " ") + ")' '*::argument:->argument'\n";
    out += "  [[ $state = argument ]] && (( $+functions[" + zsh_function(command) + (command.path.empty() ? "" : "_") +
           "$words[1]] )) && " + zsh_function(command) + (command.path.empty() ? "" : "_") + "$words[1]\n}\n";
  }
  return out + "_qkvbench_ \"$@\"\n";
}

std::string fish_text(const std::vector<OfferedCommand>& commands) {
  std::string out = "# fish completion for qkvbench; made by `qkvbench completion fish`\n";
  for (const OfferedCommand& command : commands) {
    std::string when = "__fish_use_subcommand";
    for (std::size_t i = 0; i < command.path.size(); ++i)
      when = (i == 0 ? "" : when + "; and ") + "__fish_seen_subcommand_from " + command.path[i];
    for (const std::string& below : command.below)
      out += "complete -c qkvbench -n " + shell_word(when) + " -a " + below + "\n";
    for (const Offered& flag : command.flags) {
      const std::vector<std::string> values = values_of(flag.name);
      out += "complete -c qkvbench -n " + shell_word(when) + " -l " + flag.name.substr(2) + " -d " +
             shell_word(flag.summary) + (flag.has_value ? " -r" : "") +
             (values.empty() ? "" : " -f -a " + shell_word(join(values, " "))) + "\n";
    }
  }
  return out;
}

/// Words in a man page: a hyphen is one that can be searched for.
std::string roff_words(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  return out;
}

/// Lines of a man page: none may begin with a dot or a quote.
std::string roff(const std::string& text) {
  std::string out;
  for (const std::string& line : lines_of(text))
    out += (line.starts_with(".") || line.starts_with("'") ? "\\&" : "") + roff_words(line) + "\n";
  return out;
}

std::string man_text(const CLI::App& program, const std::vector<OfferedCommand>& commands) {
  std::string out = ".TH QKVBENCH 1 \"\" \"qkvbench " + run::this_tool().version + "\"\n.SH NAME\nqkvbench \\- " +
                    roff(program.get_description()) + ".SH SYNOPSIS\n.B qkvbench\nCOMMAND [OPTIONS]\n.SH COMMANDS\n";
  for (const OfferedCommand& command : commands) {
    if (!command.path.empty()) out += ".SS " + join(command.path, " ") + "\n" + roff(command.summary);
    for (const Offered& flag : command.flags)
      out += ".TP\n\\fB" + roff_words(flag.name) + "\\fR\n" + roff(flag.summary);
  }
  return out + ".SH EXIT STATUS\n" +
         roff(
             "0 done, 1 internal error, 2 usage, 3 input, 4 output, 5 diverged, 6 some runs failed, 7 a check did not "
             "hold, 75 out of time, 128 + the signal that stopped it.");
}

struct CompletionCommand {
  std::string form;
};

}  // namespace

void add_completion(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<CompletionCommand>();
  add_option(command, "form", flags->form, "bash, zsh or fish: its completions; man: the man page")
      .required()
      .one_of({"bash", "zsh", "fish", "man"})
      .type_name("SHELL|man");
  finish_command(command, session,
                 "Prints completions of commands, flags and their values for a shell, or the man page, as they follow\n"
                 "from the options that there are. `cmake --install` puts all of them where shells and man look.",
                 "  qkvbench completion bash > ~/.local/share/bash-completion/completions/qkvbench\n"
                 "  qkvbench completion man | man -l -",
                 Prints::kText);
  on_call(command, session, flags, [&command](const Session& s, const CompletionCommand& given) {
    const CLI::App& program = *command.get_parent();
    const std::vector<OfferedCommand> commands = commands_of(program);
    const std::string text = given.form == "bash"   ? bash_text(commands)
                             : given.form == "zsh"  ? zsh_text(commands)
                             : given.form == "fish" ? fish_text(commands)
                                                    : man_text(program, commands);
    print(s, "completion", text, {{"form", given.form}, {"text", text}});
    return Exit::kDone;
  });
}

}  // namespace qkvbench::cli
