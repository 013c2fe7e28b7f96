// The pages that people read, README.md and docs/*.md: their text apart from their examples.
// Not a Markdown parser: fences, inline code and links as these pages write them.
#pragma once
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::testing {

using qkvbench::lines_of;

struct Page {
  std::filesystem::path path;
  std::vector<std::string> lines;     ///< outside of fences; a line within one is empty here
  std::vector<std::string> examples;  ///< within fences; a line outside of one is empty here

  /// What stands outside of fences, as one text.
  std::string prose() const { return join(lines, "\n"); }
};

inline Page read_page(const std::filesystem::path& path) {
  Page page{path, {}, {}};
  bool fenced = false;
  for (const std::string& line : lines_of(read_file(path))) {
    const bool fence = line.rfind("```", 0) == 0;
    page.lines.push_back(fenced || fence ? "" : line);
    page.examples.push_back(fenced && !fence ? line : "");
    if (fence) fenced = !fenced;
  }
  return page;
}

/// README.md first, then docs/*.md by name.
inline std::vector<Page> all_pages() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE_DIR "/docs"))
    if (entry.path().extension() == ".md") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  paths.insert(paths.begin(), SOURCE_DIR "/README.md");
  std::vector<Page> pages;
  for (const auto& path : paths) pages.push_back(read_page(path));
  return pages;
}

/// What stands between `begin` and `end` in a text, again and again.
inline std::vector<std::string> between_marks(const std::string& text, const std::string& begin,
                                              const std::string& end) {
  std::vector<std::string> found;
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    const std::size_t behind = text.find(end, at);
    if (behind == std::string::npos) break;
    found.push_back(text.substr(at, behind - at));
    at = behind + end.size();
  }
  return found;
}

/// The cells of a row of a table, without the spaces around them.
inline std::vector<std::string> cells_of(const std::string& row) { return split(row, '|'); }

}  // namespace qkvbench::testing
