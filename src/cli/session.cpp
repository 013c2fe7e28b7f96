// Common flags, streams and colours.
// The only place that writes results to stdout.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/answer.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

void finish_command(CLI::App& command, Session& session, const std::string& details, const std::string& examples,
                    Prints prints) {
  if (prints == Prints::kTables)
    add_option(command, "--format", session.format, "of the tables: text, markdown, latex or csv (only the tables)")
        .one_of({report::kFormatNames.begin(), report::kFormatNames.end()})
        .type_name("FORMAT [text]")
        .group("Output");
  add_option(command, "--json", session.json, "write what is printed, or the error, as JSON to FILE; - for stdout")
      .type_name("FILE|-")
      .group("Output");
  add_option(command, "--threads", session.threads, "threads of a process; default: physical cores, shared by ranks")
      .between(1, 1024)
      .type_name("N")
      .group("Output");
  add_flag(command, "-q,--quiet", session.quiet, "no progress and no messages").group("Output");
  add_option(command, "--color", session.color, "auto, always or never")
      .one_of({"auto", "always", "never"})
      .type_name("WHEN")
      .group("Output");
  set_footer(command, details + (details.empty() ? "" : "\n\n") + "Example:\n" + examples);
}

int own_cores(const Session& session) { return std::max(1, physical_cores() / session.ranks->on_this_machine()); }

void begin(const Session& session) {
  set_threads(session.threads > 0 ? session.threads : own_cores(session));
  check_output(session.json);
  answer_signals(session);
}

bool Session::json_on_stdout() const { return json == "-" || descriptor_named(json) == STDOUT_FILENO; }

void check_output(const std::string& file) {
  if (!file.empty() && file != "-") check_named_file(file);
}

void check_output(const std::string& flag, const std::string& file, const char* form, const char* endings) {
  if (file.empty() || file == "-") return;
  std::filesystem::path path(file);
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::vector<std::string> fine = split(endings, ' ');
  if (!ending.empty() && !std::filesystem::is_directory(path) && std::ranges::find(fine, ending) == fine.end())
    fail_usage(flag + ": what is written is " + form + ", and " + file + " says another form; name it " +
               path.replace_extension(fine[0]).string());
  check_output(file);
}

/// Tables of other forms than text end in an empty line, which the last one of all has no use for.
static std::string without_last_empty_line(std::string text) {
  for (const char* end : {"\n\n", "\n\r\n"})
    while (text.ends_with(end)) text.resize(text.size() - std::string_view(end).size() + 1);
  return text;
}

void print(const Session& session, const std::string& kind, const std::string& text, const formats::Json& json) {
  const std::string answer = answer_text(kind, json);
  if (!session.json_on_stdout()) write_out(session.format == "text" ? text : without_last_empty_line(text));
  if (!session.json.empty()) write_answer(session, answer);
}

void write_out(const std::string& text) {
  std::cout << text << std::flush;
  if (!std::cout) fail_output("cannot write to standard output");
}

void note(const Session& session, const std::string& text) {
  if (!session.quiet) std::cerr << message_text(text) << "\n";
}

std::string message_text(const std::string& text) {
  return is_capable_terminal(STDERR_FILENO) ? report::wrapped(text, window_columns(STDERR_FILENO) - 1) : text;
}

bool is_capable_terminal(int descriptor) {
  const char* term = std::getenv("TERM");
  return ::isatty(descriptor) != 0 && (term == nullptr || std::string_view(term) != "dumb");
}

std::size_t window_columns(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::size_t window_rows(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

std::size_t output_columns() {
  if (!is_capable_terminal(STDOUT_FILENO)) return 0;
  return std::max<std::size_t>(window_columns(STDOUT_FILENO), 2) - 1;
}

bool wants_colours(const Session& session, int descriptor) {
  if (session.color != "auto") return session.color == "always";
  const char* no_color = std::getenv("NO_COLOR");
  return (no_color == nullptr || *no_color == '\0') && is_capable_terminal(descriptor);
}

std::string error_word(const Session& session) {
  return wants_colours(session, STDERR_FILENO) ? "\033[31merror:\033[0m" : "error:";
}

}  // namespace qkvbench::cli
