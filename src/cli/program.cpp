// From the command line to a command, and from an error to one line and an exit status.
// What is wrong with a command line is said in explain.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <sstream>
#include <streambuf>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/answer.hpp"
#include "qkvbench/cli/explain.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

constexpr Command kCommands[]{
    {"train", "train a model and test it", add_train, true},
    {"eval", "test a trained model again", add_eval},
    {"sweep", "every run of a grid, on all cores", add_sweep, true},
    {"reproduce", "a table of the paper and its claims, at the size that a budget allows", add_reproduce},
    {"predict", "what a trained model makes of a list of your own", add_predict},
    {"generate", "a trained language model writes on", add_generate},
    {"attention", "the attention maps of a trained model on one example", add_attention},
    {"analyze", "how alike a trained model's queries, keys and values are, beside no training", add_analyze},
    {"import", "a model that another program trained, made a run", add_import},
    {"export", "a language model in a form that other programs run", add_export},
    {"convert", "a trained model with other projections shared, or other key/value heads", add_convert},
    {"compare", "two results, or two directories of them, metric by metric", add_compare},
    {"record", "the results of a grid's runs in one compressed file", add_record},
    {"study", "what recorded results say of the paper, as Markdown and as a page", add_study},
    {"report", "tables and a page of all results in a directory, with intervals", add_report},
    {"downstream", "a language model on tasks of multiple choice", add_downstream},
    {"features", "images as a trained model represents them, as .npy files", add_features},
    {"inspect", "parameters, multiply-adds and cache bytes of a configuration", add_inspect},
    {"bench", "speed beside this machine's limits", add_bench},
    {"verify", "parity with the paper's official code", add_verify},
    {"data", "public data sets: list, fetch, verify, import", add_data},
    {"list", "the variants, tasks, presets, grids and runs there are", add_list},
    {"completion", "completions for bash, zsh and fish, and the man page", add_completion},
    {"schema", "the JSON Schemas of result.json and of every --json", add_schema},
};

constexpr std::size_t kHelpColumn = 34;  // where CLI11 begins to say what a flag does

/// Lines of a paragraph, broken anew where one of them is too long.
std::string paragraph(const std::vector<std::string>& lines, std::size_t columns) {
  const bool fits = std::ranges::all_of(lines, [&](const auto& l) { return report::display_width(l) <= columns; });
  return lines.empty() ? "" : (fits ? join(lines, "\n") : report::wrapped(join(lines, " "), columns)) + "\n";
}

/// What --help prints, in so many columns (0: any): what a flag does goes on below its own beginning.
std::string help_text(const std::string& whole, std::size_t columns) {
  if (columns <= kHelpColumn + 20) return whole;
  std::string out;
  std::vector<std::string> prose;
  for (const std::string& line : lines_of(whole)) {
    if (!line.empty() && line.front() != ' ') {
      prose.push_back(line);
      continue;
    }
    out += paragraph(std::exchange(prose, {}), columns);
    const bool row = line.size() > kHelpColumn && line.compare(kHelpColumn - 2, 2, "  ") == 0;
    if (report::display_width(line) <= columns || !row) {
      out += report::wrapped(line, columns) + "\n";
      continue;
    }
    std::string head = line.substr(0, kHelpColumn);
    for (const std::string& part : lines_of(report::wrapped(line.substr(kHelpColumn), columns - kHelpColumn))) {
      out += head + part + "\n";
      head.assign(kHelpColumn, ' ');
    }
  }
  return out + paragraph(prose, columns);
}

/// The command line; "help COMMAND" says "COMMAND --help", and "help" alone "--help".
std::vector<std::string> without_help(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  const bool known =
      words.empty() || std::ranges::any_of(kCommands, [&](const Command& c) { return words[0] == c.name; });
  if (known) words.emplace_back("--help");  // else the name that there is not is told from others
  return words;
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
  const Error error = session.ranks->fail(Error(status, message));
  // The word is measured without its colour.
  std::string shown = message_text(std::string("error: ") + formats::printable(error.what()));
  std::cerr << error_word(session) << shown.substr(std::string_view("error:").size()) << "\n";
  if (session.ranks->is_first()) answer_error(session, static_cast<int>(error.status()), error.what());
  return static_cast<int>(error.status());
}

/// Where other ranks than the first print: they have nothing to say that it does not say.
class Nowhere : public std::streambuf {
  int overflow(int c) override { return traits_type::not_eof(c); }
};

void print_nowhere() {
  static Nowhere& nowhere = *new Nowhere;  // never destroyed: streams are flushed at the very end
  std::cout.rdbuf(&nowhere);
  std::cerr.rdbuf(&nowhere);
}

/// Throws Error (usage) when a command was started as several ranks that does not share its work among them.
void check_takes_ranks(const Session& session, const std::string& name) {
  std::vector<std::string> takers;
  for (const Command& command : kCommands)
    if (command.takes_ranks) takers.emplace_back(command.name);
  if (session.ranks->size() > 1 && std::ranges::find(takers, name) == takers.end())
    fail_usage("qkvbench " + name + " runs in one process, and this is one of " +
               std::to_string(session.ranks->size()) + " ranks; start it without mpirun (" + join(takers, " and ") +
               " take ranks)");
}

std::string version_text() {
  const std::string mpi = mpi_library();
  std::string text;
  for (const std::string& line : lines_of(run::build_text() + "MPI: " + (mpi.empty() ? "none" : mpi)))
    text += (text.empty() ? "" : "\n") + report::wrapped(line, output_columns());
  return text;
}

/// One call of the program, as one of its ranks.
int run_rank(Session& session, int argc, char** argv) {
  CLI::App app{"qkvbench trains and evaluates transformers whose query, key and value projections are shared.",
               "qkvbench"};
  app.set_version_flag("--version", version_text);
  app.require_subcommand(1);
  app.footer("Example: qkvbench train --variant qk_v\nqkvbench help COMMAND explains a command.");
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    sub->get_formatter()->column_width(kHelpColumn);
    command.add(*sub, session);
  }
  const std::vector<std::string> words = without_help(argc, argv);
  try {
    std::vector<std::string> backward(words.rbegin(), words.rend());  // as CLI11 takes them
    app.parse(backward);
    if (const std::string what = explain_swallowed(app, words); !what.empty()) return fail(session, Exit::kUsage, what);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      if (error.get_name() == "CallForHelp")
        std::cout << help_text(app.help(), output_columns());
      else
        app.exit(error);
      std::cout.flush();
      return std::cout ? 0 : fail(session, Exit::kOutput, "cannot write to standard output");
    }
    const std::string swallowed = explain_swallowed(app, words);
    return fail(session, Exit::kUsage, swallowed.empty() ? explain(app, error) : swallowed);
  }
  try {
    check_takes_ranks(session, app.get_subcommands().front()->get_name());
    if (!session.ranks->is_first()) session.json.clear();
    begin(session);
    const int status = static_cast<int>(session.action());
    if (status != 0 && session.ranks->is_first()) answer_error(session, status, unanswered_text(status));
    return status;
  } catch (const Error& error) {
    return fail(session, error.status(), error.what());
  } catch (const std::bad_alloc&) {
    return fail(session, Exit::kInternal, "out of memory; take a smaller model, --batch-size or --seq-len");
  } catch (const std::exception& error) {
    return fail(session, Exit::kInternal, std::string("this should not happen: ") + error.what());
  }
}

}  // namespace

int run_program(int argc, char** argv) {
  Session session;
  session.argv.assign(argv, argv + argc);
  if (launched().rank != 0) print_nowhere();
  std::unique_ptr<Ranks> ranks;
  try {
    ranks = join_ranks();
  } catch (const Error& error) {
    // All ranks fail alike. mpirun ends all when one fails: only the one that says why may.
    const int status = fail(session, error.status(), error.what());
    return launched().rank == 0 ? status : 0;
  }
  session.ranks = ranks.get();
  return ranks->leave(run_rank(session, argc, argv));
}

}  // namespace qkvbench::cli
