// Common flags, streams and colours.
// The only place that writes results to stdout.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <limits>
#include <sstream>
#include <string_view>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
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

std::string number_fault(const std::string& text, double least, double most, bool whole) {
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  const bool digits = text.size() > first && text.find_first_not_of("0123456789", first) == std::string::npos;
  if (whole && (!digits || (text[first] == '0' && text.size() > first + 1)))
    return "'" + text.substr(0, 40) + "' is no whole number written in decimal digits";
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || std::isnan(value)) return "'" + text.substr(0, 40) + "' is no number";
  if (value >= least && value <= most) return "";
  const auto shown = [](double x) {
    std::ostringstream out;
    out << std::setprecision(x == std::floor(x) ? 15 : 6) << x;
    return out.str();
  };
  if (!(most < std::numeric_limits<double>::max())) return text + " is not at least " + shown(least);
  return text + " is not between " + shown(least) + " and " + shown(most);
}

void check_output(const std::string& file) {
  if (file.empty() || file == "-") return;
  const std::filesystem::path path(file);
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : ".";
  if (std::filesystem::is_directory(path)) fail_output("cannot write " + file + ": it is a directory");
  if (::access(directory.c_str(), W_OK) != 0) fail_output("cannot write " + file + ": " + std::strerror(errno));
}

void check_output(const std::string& flag, const std::string& file, const char* form, const char* endings) {
  if (file.empty() || file == "-") return;
  const std::filesystem::path path(file);
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::vector<std::string> fine = split(endings, ' ');
  if (!ending.empty() && !std::filesystem::exists(std::filesystem::path(file) / "") &&
      std::ranges::find(fine, ending) == fine.end())
    fail_usage(flag + ": what is written is " + form + ", and " + file + " says another form; name it " +
               std::filesystem::path(path).replace_extension(fine[0]).string());
  check_output(file);
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

std::size_t window_columns(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::size_t output_columns() {
  if (!is_capable_terminal(STDOUT_FILENO)) return 0;
  return std::max<std::size_t>(window_columns(STDOUT_FILENO), 2) - 1;
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
