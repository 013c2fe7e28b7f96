// Charts as files for papers: SVG, and PDF where rsvg-convert is there.
// What they show is report/figures'.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/page.hpp"

namespace qkvbench::cli {

/// Throws Error (output) when `directory` is there and is none; nothing for an empty path.
void check_figures(const std::filesystem::path& directory);

/// Writes every chart of the page into the directory, which is made: NAME.svg and NAME.pdf, fonts embedded. Where the
/// program rsvg-convert is missing there are no PDFs, and a message says so. The same results give the same bytes.
/// Returns the files' paths. Throws Error (output).
std::vector<std::string> write_figures(const Session& session, const std::filesystem::path& directory,
                                       const report::PageInput& page);

}  // namespace qkvbench::cli
