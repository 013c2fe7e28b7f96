// The rule for finding a data set's folder: what is named comes first, then what is installed.
// What is installed, and what is said when it is not, stands in sources.cpp.
#include "qkvbench/data/data_folder.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/sources.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

bool in_table(const std::string& name) {
  return std::ranges::any_of(all_sources(), [&](const Source& source) { return source.name == name; });
}

}  // namespace

std::optional<fs::path> find_data_folder(const std::string& name, const std::string& given) {
  if (given.empty()) return in_table(name) ? find_installed(name) : std::nullopt;
  std::error_code ignored;
  if (fs::exists(given, ignored)) return given;
  fail_input("data set " + name + ": there is no " + given +
             "; put the set there, or name its folder with --data of train, eval or features");
}

fs::path data_folder(const std::string& name, const std::string& given) {
  if (const auto found = find_data_folder(name, given)) return *found;
  if (in_table(name)) return require_installed(name);
  fail_input("data set " + name + " has no place of its own; --data names its folder");
}

}  // namespace qkvbench::data
