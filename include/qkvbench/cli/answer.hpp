// What --json holds: one envelope around every command's answer, and the error object when there is none.
// The kinds and their schemas are in run/schemas.
#pragma once
#include <string>

#include "qkvbench/cli/command.hpp"

namespace qkvbench::cli {

/// Puts schema_version, kind and tool before a command's own fields, and gives the text of it.
/// Throws Error (internal) when there is no such kind.
std::string answer_text(const std::string& kind, const formats::Json& fields);

/// Writes an answer where --json says. Throws Error (output).
void write_answer(const Session& session, const std::string& text);

/// {"error": {"status", "what", "where", "mend"}} where --json says, unless an answer went there already or --json was
/// not given. Also before the command line was understood: then --json is looked for in argv. What cannot be written
/// is not: the error's own line and status tell what happened.
void answer_error(const Session& session, int status, const std::string& message);

/// From now on a signal that ends the process (SIGINT, SIGTERM, SIGHUP unless ignored) leaves the error object first.
void answer_signals(const Session& session);

/// The same for handlers of one's own. Safe in a signal handler.
void answer_signal(int number);

}  // namespace qkvbench::cli
