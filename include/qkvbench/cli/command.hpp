// What all commands share: the flags they have in common, where output goes, and the table of commands.
// Nothing below cli/ prints or knows CLI11.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/ranks.hpp"
#include "qkvbench/run/config.hpp"

namespace CLI {
class App;
}

namespace qkvbench::cli {

/// One call of the program.
struct Session {
  std::vector<std::string> argv;
  int threads = 0;  ///< 0: physical cores
  bool quiet = false;
  std::string color = "auto";    ///< auto, always or never
  std::string json;              ///< empty, "-" or a path
  std::string format = "text";   ///< of tables: one of report::kFormatNames
  std::function<Exit()> action;  ///< what the chosen command does
  Ranks* ranks = &alone();       ///< among which the program was started

  bool json_on_stdout() const;  ///< "-", or a name of standard output
};

enum class Prints { kTables, kText };

/// Ends a command's set-up: adds --json, --threads, -q, --color and, where tables are printed, --format; and what help
/// says below the flags.
void finish_command(CLI::App& command, Session& session, const std::string& details, const std::string& examples,
                    Prints prints = Prints::kTables);

/// The configuration's keys as flags, what was given of them, and --config and --preset.
class ConfigFlags {
 public:
  void add_to(CLI::App& command);
  /// One resolved configuration for each seed and variant that is named, seed by seed: defaults, then --preset (`quick`
  /// when neither task, preset nor config is named), then --config, then flags. Throws Error (usage) before any of them
  /// is used.
  std::vector<run::Config> resolved() const;

 private:
  run::Config unresolved() const;

  std::map<std::string, std::string> given_;  // key -> text
  std::string config_file_, preset_;
};

/// Applies --threads and --color, and opens the way for --json: throws Error (output) before any work when its
/// directory does not exist or cannot be written.
void begin(const Session& session);

/// Throws Error (output) when a file that will be written at the end cannot be; empty and "-" are fine.
void check_output(const std::string& file);

/// The same for files of one form: throws Error (usage) where the name's ending says another form than `endings`, such
/// as ".html .htm", of which the first is offered; names without an ending are fine.
void check_output(const std::string& flag, const std::string& file, const char* form, const char* endings);

/// Prints `text` to stdout unless the JSON goes there, and writes the JSON where --json says: the fields of `json`
/// behind schema_version, kind and tool, in the form that data/schema/<kind>.schema.json describes.
/// Throws Error (output) when either cannot be written.
void print(const Session& session, const std::string& kind, const std::string& text, const formats::Json& json);

/// A part of a result as it comes, before print() says the rest.
void write_out(const std::string& text);

/// A message on stderr, unless -q.
void note(const Session& session, const std::string& text);

/// A message as stderr shows it: one line, which on a terminal breaks between words.
std::string message_text(const std::string& text);

/// Whether a descriptor is a terminal that understands escape sequences: any but TERM=dumb.
bool is_capable_terminal(int descriptor);

/// Columns of a terminal's window, 80 where it does not say.
std::size_t window_columns(int descriptor);
/// Rows of it, 24 where it does not say.
std::size_t window_rows(int descriptor);

/// Columns that a line on stdout may take: on a terminal one less than it has; 0, any, elsewhere.
std::size_t output_columns();

/// Whether --color, NO_COLOR and what the descriptor is allow colours.
bool wants_colours(const Session& session, int descriptor);

/// "error:", red where colours are wanted on stderr.
std::string error_word(const Session& session);

/// Physical cores that this process may take: ranks of one machine share them.
int own_cores(const Session& session);

/// A command registers its flags and sets session.action when it is chosen.
struct Command {
  const char *name, *summary;
  void (*add)(CLI::App& command, Session& session);
  bool takes_ranks = false;  ///< several processes, started by mpirun, share its work
};
void add_train(CLI::App& command, Session& session);
void add_eval(CLI::App& command, Session& session);
void add_reproduce(CLI::App& command, Session& session);
void add_sweep(CLI::App& command, Session& session);
void add_predict(CLI::App& command, Session& session);
void add_generate(CLI::App& command, Session& session);
void add_downstream(CLI::App& command, Session& session);
void add_attention(CLI::App& command, Session& session);
void add_analyze(CLI::App& command, Session& session);
void add_features(CLI::App& command, Session& session);
void add_import(CLI::App& command, Session& session);
void add_convert(CLI::App& command, Session& session);
void add_export(CLI::App& command, Session& session);
void add_inspect(CLI::App& command, Session& session);
void add_bench(CLI::App& command, Session& session);
void add_verify(CLI::App& command, Session& session);
void add_compare(CLI::App& command, Session& session);
void add_record(CLI::App& command, Session& session);
void add_study(CLI::App& command, Session& session);
void add_report(CLI::App& command, Session& session);
void add_data(CLI::App& command, Session& session);
void add_list(CLI::App& command, Session& session);
void add_completion(CLI::App& command, Session& session);
void add_schema(CLI::App& command, Session& session);

/// Everything main() does: parses, runs, prints errors as one line, returns the exit status.
int run_program(int argc, char** argv);

}  // namespace qkvbench::cli
