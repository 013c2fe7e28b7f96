// The rule for finding a data set's folder, and what is said when there is none.
// The only place in this room that reads the environment.
#include "qkvbench/data/data_folder.hpp"

#include <cstdlib>

#include "qkvbench/base/error.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

fs::path installed(const std::string& name) {
  const char* root = std::getenv("QKVBENCH_DATA");
  return fs::path(root != nullptr && *root != '\0' ? root : "data") / name;
}

}  // namespace

std::optional<fs::path> find_data_folder(const std::string& name, const std::string& given) {
  const fs::path path = given.empty() ? installed(name) : fs::path(given);
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  if (!given.empty()) fail_input("data set " + name + ": there is no " + given + "; --data names its folder");
  return std::nullopt;
}

fs::path data_folder(const std::string& name, const std::string& given) {
  if (const auto found = find_data_folder(name, given)) return *found;
  fail_input("data set " + name + " is not there: looked in " + installed(name).string() + "; `qkvbench data fetch " +
             name + "` brings it, `qkvbench data import " + name + " PATH` takes a local copy");
}

}  // namespace qkvbench::data
