// Common flags, streams and colours.
// The only place that writes results to stdout.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/cli/command.hpp"

namespace qkvbench::cli {

void finish_command(CLI::App& command, Session& session, const std::string& details, const std::string& examples) {
  command.add_option("--json", session.json, "write what is printed as JSON to FILE; - for stdout")
      ->type_name("FILE|-")
      ->group("Output");
  command.add_option("--threads", session.threads, "threads; default: physical cores")
      ->check(between(1, 1024))
      ->type_name("N")
      ->group("Output");
  command.add_flag("-q,--quiet", session.quiet, "no progress and no messages")->group("Output");
  command.add_option("--color", session.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""))
      ->type_name("WHEN")
      ->group("Output");
  command.footer(details + (details.empty() ? "" : "\n\n") + "Example:\n" + examples);
}

void begin(const Session& session) {
  set_threads(session.threads > 0 ? session.threads : physical_cores());
  check_output(session.json);
}

void check_output(const std::string& file) {
  if (file.empty() || file == "-") return;
  const std::filesystem::path path(file);
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  if (std::filesystem::is_directory(path)) fail_output("cannot write " + file + ": it is a directory");
  if (::access(directory.c_str(), W_OK) != 0) fail_output("cannot write " + file + ": " + std::strerror(errno));
}

void print(const Session& session, const std::string& text, const experiment::Json& json) {
  if (session.json_on_stdout())
    std::cout << json.dump(2) << "\n";
  else
    std::cout << text;
  std::cout.flush();
  if (!std::cout) fail_output("cannot write to standard output");
  if (!session.json.empty() && !session.json_on_stdout()) write_file_atomic(session.json, json.dump(2) + "\n");
}

void write_out(const std::string& text) {
  std::cout << text << std::flush;
  if (!std::cout) fail_output("cannot write to standard output");
}

void note(const Session& session, const std::string& text) {
  if (!session.quiet) std::cerr << text << "\n";
}

bool is_capable_terminal(int descriptor) {
  const char* term = std::getenv("TERM");
  return ::isatty(descriptor) != 0 && (term == nullptr || std::string_view(term) != "dumb");
}

std::string colored(const Session& session, const std::string& text, int code, bool on_stderr) {
  bool wanted = session.color == "always";
  if (session.color == "auto") {
    const char* no_color = std::getenv("NO_COLOR");
    wanted =
        (no_color == nullptr || *no_color == '\0') && is_capable_terminal(on_stderr ? STDERR_FILENO : STDOUT_FILENO);
  }
  return wanted ? "\033[" + std::to_string(code) + "m" + text + "\033[0m" : text;
}

}  // namespace qkvbench::cli
