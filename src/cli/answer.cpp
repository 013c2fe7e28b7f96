// The envelope, and an error's one line taken apart.
// What a signal leaves is made beforehand: a handler may only open and write.
#include "qkvbench/cli/answer.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <iostream>

#include "qkvbench/base/named_file.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/run/schemas.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;

struct SignalAnswer {
  int number;
  const char* name;
  std::string text;
};
std::array<SignalAnswer, 3> g_signals{{{SIGINT, "SIGINT", ""}, {SIGTERM, "SIGTERM", ""}, {SIGHUP, "SIGHUP", ""}}};
std::string g_file;                    // where a signal's answer goes; a name of /dev/fd for a descriptor
volatile sig_atomic_t g_answered = 0;  // the JSON, a result or an error, is where it was asked for

/// Where `text` has `part` outside quotes and brackets; npos if nowhere.
std::size_t find_plain(const std::string& text, std::string_view part) {
  bool quoted = false;
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!quoted && depth == 0 && text.compare(at, part.size(), part) == 0) return at;
    if (text[at] == '\'') {
      const bool opens = at == 0 || text[at - 1] == ' ' || text[at - 1] == '(' || text[at - 1] == '=';
      quoted = quoted ? false : opens;  // an apostrophe within a word opens nothing
    }
    if (!quoted && text[at] == '(') ++depth;
    if (!quoted && text[at] == ')' && depth > 0) --depth;
  }
  return std::string::npos;
}

bool is_place(const std::string& text) {
  return !text.empty() && (text.find(' ') == std::string::npos || text.starts_with("/"));
}

/// The file, flag or key that a message is about, if it says so where messages do: first, or behind what cannot be
/// done.
std::string place_in(const std::string& what) {
  for (const char* cannot : {"cannot write ", "cannot read the directory ", "cannot read ", "cannot remove ",
                             "cannot make the directory ", "there is no ", "an unfinished run is in "}) {
    if (!what.starts_with(cannot)) continue;
    const std::string rest = what.substr(std::string_view(cannot).size());
    const std::string place = rest.substr(0, rest.find(": "));
    if (place.size() < rest.size() || is_place(place)) return place;
  }
  std::string place, rest = what;
  for (std::size_t end; (end = rest.find(": ")) != std::string::npos && is_place(rest.substr(0, end));) {
    place += (place.empty() ? "" : ": ") + rest.substr(0, end);
    rest.erase(0, end + 2);
  }
  if (!place.empty()) return place;
  const std::string first = what.substr(0, what.find(' '));
  if (first.starts_with("--") || first.find('/') != std::string::npos) return first;
  const std::size_t open = what.starts_with("un") ? what.find('\'') : std::string::npos;  // unknown flag '--varient'
  const std::size_t close = open == std::string::npos ? open : what.find('\'', open + 1);
  return close == std::string::npos ? "" : what.substr(open + 1, close - open - 1);
}

/// "what: did you mean …", "what; how to mend it", "what (see … --help)".
Json error_json(int status, const std::string& message) {
  std::size_t end = message.size(), mend = message.size();
  if (const std::size_t at = message.find(": did you mean "); at != std::string::npos)
    end = at, mend = at + 2;
  else if (const std::size_t semicolon = find_plain(message, "; "); semicolon != std::string::npos)
    end = semicolon, mend = semicolon + 2;
  else if (const std::size_t see = message.rfind(" (see qkvbench "); see != std::string::npos)
    end = see, mend = see + 2;
  std::string advice = message.substr(mend);
  if (end + 2 == mend && advice.starts_with("see ") && advice.ends_with(")")) advice.pop_back();
  const std::string what = message.substr(0, end);
  return {{"status", status}, {"what", what}, {"where", run::or_null(place_in(what))}, {"mend", run::or_null(advice)}};
}

std::string error_text(int status, const std::string& message) {
  return answer_text("error", {{"error", error_json(status, message)}});
}

/// The last --json of a command line.
std::string json_in(const std::vector<std::string>& argv) {
  std::string found;
  for (std::size_t i = 1; i < argv.size() && argv[i] != "--"; ++i) {
    if (argv[i].starts_with("--json=")) found = argv[i].substr(std::string_view("--json=").size());
    if (argv[i] == "--json" && i + 1 < argv.size()) found = argv[++i];
  }
  return found;
}

extern "C" void on_last_signal(int number) {
  answer_signal(number);
  ::signal(number, SIG_DFL);
  ::raise(number);
}

}  // namespace

std::string answer_text(const std::string& kind, const Json& fields) {
  run::find_schema(kind);
  Json json{{"schema_version", run::kSchemaVersion}, {"kind", kind}, {"tool", run::tool_json(run::this_tool())}};
  json.update(fields);
  return formats::text_of(json, 2) + "\n";
}

void write_answer(const Session& session, const std::string& text) {
  g_answered = 1;
  if (session.json_on_stdout())
    write_out(text);
  else
    write_named_file(session.json, text);
}

void answer_error(const Session& session, int status, const std::string& message) {
  Session asked = session;
  if (asked.json.empty()) asked.json = json_in(asked.argv);
  if (asked.json.empty() || g_answered != 0) return;
  try {
    write_answer(asked, error_text(status, message));
  } catch (const Error&) {
  }
}

void answer_signals(const Session& session) {
  if (session.json.empty()) return;
  g_file = session.json_on_stdout() ? "/dev/fd/1" : session.json;
  for (SignalAnswer& one : g_signals) {
    one.text = error_text(128 + one.number, std::string("ended by ") + one.name + " before there was a result");
    struct sigaction action {};
    sigaction(one.number, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;
    action = {};
    action.sa_handler = on_last_signal;
    sigaction(one.number, &action, nullptr);
  }
}

void answer_signal(int number) {
  if (g_answered != 0) return;
  g_answered = 1;
  for (const SignalAnswer& one : g_signals) {
    if (one.number != number) continue;
    const bool on_stdout = g_file == "/dev/fd/1";
    const int fd = on_stdout ? STDOUT_FILENO : ::open(g_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0644);
    if (fd >= 0) static_cast<void>(!::write(fd, one.text.data(), one.text.size()));
  }
}

}  // namespace qkvbench::cli
