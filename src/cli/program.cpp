// From the command line to a command, and from an error to one line and an exit status.
// CLI11's own messages are replaced where they do not say how to mend what is wrong.
#include <CLI/CLI.hpp>
#include <cstring>
#include <iostream>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/answer.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/data/tokenizer.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

constexpr Command kCommands[]{
    {"train", "train a model and test it", add_train},
    {"eval", "test a trained model again", add_eval},
    {"sweep", "every run of a grid, on all cores", add_sweep},
    {"reproduce", "a table of the paper and its claims, at the size that a budget allows", add_reproduce},
    {"predict", "what a trained model makes of a list of your own", add_predict},
    {"generate", "a trained language model writes on", add_generate},
    {"attention", "the attention maps of a trained model on one example", add_attention},
    {"analyze", "how alike a trained model's queries, keys and values are, beside no training", add_analyze},
    {"import", "a model that another program trained, made a run", add_import},
    {"export", "a language model in a form that other programs run", add_export},
    {"convert", "a trained model with other projections shared, or other key/value heads", add_convert},
    {"compare", "two results, or two directories of them, metric by metric", add_compare},
    {"report", "tables and a page of all results in a directory, with intervals", add_report},
    {"downstream", "a language model on tasks of multiple choice", add_downstream},
    {"features", "images as a trained model represents them, as .npy files", add_features},
    {"inspect", "parameters, multiply-adds and cache bytes of a configuration", add_inspect},
    {"bench", "speed beside this machine's limits", add_bench},
    {"verify", "parity with the paper's official code", add_verify},
    {"data", "public data sets: list, fetch, verify, import", add_data},
    {"list", "the variants, tasks, presets and grids there are", add_list},
    {"schema", "the JSON Schemas of result.json and of every --json", add_schema},
};

/// Long flags of a command, for suggestions.
std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

/// What is wrong with a command line that CLI11 refused, and how to mend it.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* chosen = &app;  // the innermost command that was named
  std::string path = "qkvbench ";
  while (!chosen->get_subcommands().empty()) {
    chosen = chosen->get_subcommands()[0];
    path += chosen->get_name() + " ";
  }
  const std::string help = " (see " + path + "--help)";
  const std::vector<std::string> extras = app.remaining(true);
  if (const auto commands = chosen->get_subcommands([](const CLI::App*) { return true; }); !commands.empty()) {
    if (extras.empty()) return "no command given" + help;
    std::vector<std::string> names;
    for (const CLI::App* command : commands) names.push_back(command->get_name());
    return unknown_name("command", extras.front(), names);
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) && !extras.empty()) {
    const std::string& extra = extras.front();
    if (!extra.starts_with("-")) return "unexpected argument '" + extra + "'" + help;
    const std::string flag = extra.substr(0, extra.find('='));
    return "unknown flag '" + flag + "': did you mean '" + nearest(flag, flags_of(*chosen)) + "'?" + help;
  }
  std::string message = error.what();
  for (char& c : message)
    if (c == '\n') c = ' ';
  return message + help;
}

/// Why a command that was not in error has no result to show.
std::string unanswered_text(int status) {
  if (status == static_cast<int>(Exit::kOutOfTime))
    return "the time was up before there was a result; the same command goes on";
  if (status > 128)
    return "stopped by signal " + std::to_string(status - 128) + " before there was a result; the same command goes on";
  return "it ended with status " + std::to_string(status) + " and no result";
}

int fail(const Session& session, Exit status, const std::string& message) {
  std::cerr << colored(session, "error:", 31, true) << " " << formats::printable(message) << "\n";
  answer_error(session, static_cast<int>(status), message);
  return static_cast<int>(status);
}

}  // namespace

int run_program(int argc, char** argv) {
  Session session;
  session.argv.assign(argv, argv + argc);
  CLI::App app{"qkvbench trains and evaluates transformers whose query, key and value projections are shared.",
               "qkvbench"};
  app.set_version_flag("--version", [] {
    const run::Tool tool = run::this_tool();
    return "qkvbench " + tool.version + " (" + tool.git_sha + ")";
  });
  app.require_subcommand(1);
  app.footer("Example: qkvbench train --variant qk_v\nqkvbench COMMAND --help explains a command.");
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    sub->get_formatter()->column_width(34);
    command.add(*sub, session);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error);
      std::cout.flush();
      return std::cout ? 0 : fail(session, Exit::kOutput, "cannot write to standard output");
    }
    return fail(session, Exit::kUsage, explain(app, error));
  }
  try {
    begin(session);
    const int status = static_cast<int>(session.action());
    if (status != 0) answer_error(session, status, unanswered_text(status));
    return status;
  } catch (const Error& error) {
    return fail(session, error.status(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(session, Exit::kInternal, "out of memory; take a smaller model, --batch-size or --seq-len");
  } catch (const std::exception& error) {
    return fail(session, Exit::kInternal, std::string("this should not happen: ") + error.what());
  }
}

}  // namespace qkvbench::cli
