// Finding data sets, and telling which of its files a path is.
// Names are compared part by part, so that no name in an archive can lead out of a folder.
#include "qkvbench/data/sources.hpp"

#include <algorithm>
#include <cstdlib>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

/// One part of a path against one of a row: equal, or the text around its only `*`.
bool part_matches(std::string_view pattern, std::string_view part) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return part == pattern;
  const std::string_view head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  return part.size() > head.size() + tail.size() && part.starts_with(head) && part.ends_with(tail) && part[0] != '.';
}

bool has_star(const KnownFile& row) { return row.name.find('*') != std::string::npos; }

/// Whether `folder` holds a file that parts[at...] of a row's name stand for.
bool any_match(const fs::path& folder, const std::vector<std::string>& parts, std::size_t at) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!part_matches(parts[at], entry.path().filename().string())) continue;
    const bool last = at + 1 == parts.size();
    if (last ? entry.is_regular_file(error) : any_match(entry.path(), parts, at + 1)) return true;
  }
  return false;
}

}  // namespace

const Source& find_source(const std::string& name) { return find_row("data set", name, all_sources(), &Source::name); }

fs::path data_root() {
  const char* chosen = std::getenv("QKVBENCH_DATA");
  return chosen != nullptr && *chosen != '\0' ? chosen : "data";
}

std::string first_missing(const Source& source, const fs::path& folder) {
  std::error_code error;
  for (const KnownFile& row : source.files) {
    if (has_star(row)) {
      if (!any_match(folder, split(row.name, '/'), 0)) return row.name;
      continue;
    }
    const fs::path path = folder / row.name;
    if (!fs::is_regular_file(path, error)) return row.name;
    if (row.bytes != 0 && fs::file_size(path, error) != row.bytes)
      return row.name + " of " + with_commas(static_cast<long long>(row.bytes)) + " bytes";
  }
  return "";
}

std::optional<fs::path> find_installed(const std::string& name) {
  const fs::path folder = data_root() / name;
  if (!first_missing(find_source(name), folder).empty()) return std::nullopt;
  return folder;
}

fs::path require_installed(const std::string& name) {
  if (const auto folder = find_installed(name)) return *folder;
  const fs::path folder = data_root() / name;
  std::error_code error;
  const bool partly = fs::exists(folder, error);
  fail_input("data set " + name + " is not there: looked in " + folder.string() +
             (partly ? ", which lacks " + first_missing(find_source(name), folder) : "") + "; `qkvbench data fetch " +
             name + "` brings it, `qkvbench data import " + name + " PATH` takes a local copy");
}

std::optional<Match> match_file(const Source& source, std::string_view path) {
  const std::vector<std::string> parts = split(path, '/');
  for (const KnownFile& row : source.files) {
    const std::vector<std::string> wanted = split(row.name, '/');
    if (parts.size() < wanted.size()) continue;
    const auto begin = parts.end() - static_cast<std::ptrdiff_t>(wanted.size());
    if (std::equal(wanted.begin(), wanted.end(), begin, part_matches)) {
      const std::vector<std::string> matched(begin, parts.end());
      return Match{&row, join(matched, "/")};
    }
  }
  return std::nullopt;
}

std::vector<std::string> files_of(const Source& source, const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::string name = entry.path().lexically_relative(folder).generic_string();
    const auto match = match_file(source, name);
    if (match && match->name == name && entry.is_regular_file(error)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace qkvbench::data
