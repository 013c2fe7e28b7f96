// How commands print tables and what stands around them: in the form that --format asks for, on a terminal in its
// width. Each form is report/table's.
#pragma once
#include <string>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

/// --format; of text the terminal's columns, and colours where they are wanted on stdout.
report::Rendering style_of(const Session& session);

/// A table; in other forms than text with an empty line behind it.
std::string shown(const Session& session, const report::Table& table);

/// Lines that stand around tables, see report::prose().
std::string said(const Session& session, const std::string& lines);

/// What stands above a table, see report::heading().
std::string titled(const Session& session, const std::string& text);

}  // namespace qkvbench::cli
