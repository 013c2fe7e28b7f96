// The session's flags as report/table takes them.
// Where the text goes is session's.
#include "qkvbench/cli/shown.hpp"

#include <unistd.h>

#include <algorithm>

namespace qkvbench::cli {

report::Rendering style_of(const Session& session) {
  const auto format = static_cast<report::Format>(std::ranges::find(report::kFormatNames, session.format) -
                                                  report::kFormatNames.begin());
  return {format, output_columns(), wants_colours(session, STDOUT_FILENO)};
}

std::string shown(const Session& session, const report::Table& table) {
  const report::Rendering style = style_of(session);
  const char* behind = style.format == report::Format::kText  ? ""
                       : style.format == report::Format::kCsv ? "\r\n"
                                                              : "\n";
  return table.render(style) + behind;
}

std::string said(const Session& session, const std::string& lines) { return prose(lines, style_of(session)); }

std::string titled(const Session& session, const std::string& text) { return heading(text, style_of(session)); }

}  // namespace qkvbench::cli
