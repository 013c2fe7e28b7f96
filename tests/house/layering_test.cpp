// The rooms keep their order: a room includes only rooms below it, libraries stay in the rooms that may know them.
// Reads the sources as text; knows nothing of what they do.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "support/catch.hpp"
#include "support/sources.hpp"

namespace {

namespace fs = std::filesystem;

// Rooms of one number stand side by side and do not include each other.
const std::map<std::string, int> kFloor{{"base", 0},  {"tensor", 1}, {"kernels", 1}, {"formats", 2}, {"autograd", 3},
                                        {"nn", 4},    {"optim", 4},  {"data", 4},    {"train", 5},   {"run", 6},
                                        {"study", 7}, {"report", 8}, {"cli", 9}};

struct Include {
  fs::path file;
  std::string room, what;
};

std::vector<Include> all_includes() {
  std::vector<Include> includes;
  const std::regex pattern(R"re(^\s*#include\s*[<"]([^>"]+)[>"])re");
  for (const fs::path& file : qkvbench::test::sources_below({"include/qkvbench", "src"})) {
    std::ifstream in(file);
    std::smatch match;
    for (std::string line; std::getline(in, line);)
      if (std::regex_search(line, match, pattern))
        includes.push_back({file, file.parent_path().filename().string(), match[1]});
  }
  return includes;
}

}  // namespace

TEST_CASE("every source stands in a known room") {
  for (const Include& i : all_includes()) {
    INFO(i.file.string());
    CHECK(kFloor.contains(i.room));
  }
}

TEST_CASE("a room includes only itself and rooms below it") {
  const std::string prefix = "qkvbench/";
  int seen = 0;
  for (const Include& i : all_includes()) {
    if (i.what.rfind(prefix, 0) != 0) continue;
    const std::string room = i.what.substr(prefix.size(), i.what.find('/', prefix.size()) - prefix.size());
    INFO(i.file.string() << " includes " << i.what);
    REQUIRE(kFloor.contains(room));
    CHECK((room == i.room || kFloor.at(room) < kFloor.at(i.room)));
    ++seen;
  }
  CHECK(seen > 100);  // the pattern still matches something
}

TEST_CASE("libraries and streams stay in their rooms") {
  const std::map<std::string, std::set<std::string>> allowed{
      {"CLI/CLI.hpp", {"cli"}},
      {"nlohmann/json.hpp", {"formats", "run", "study"}},
      {"iostream", {"cli"}},
      {"archive.h", {"formats"}},
  };
  for (const Include& i : all_includes()) {
    const auto rule = allowed.find(i.what);
    INFO(i.file.string() << " includes " << i.what);
    if (rule != allowed.end()) CHECK(rule->second.contains(i.room));
    // Products are our own and are compared with Eigen's; decompositions of matrices are Eigen's.
    if (i.what.rfind("Eigen/", 0) == 0)
      CHECK((i.room == "run" || i.file.string().find("/tests/") != std::string::npos));
  }
}

TEST_CASE("files stay short enough to read") {
  for (const fs::path& file : qkvbench::test::sources_below({"include/qkvbench", "src", "tests"})) {
    std::ifstream in(file);
    int lines = 0;
    for (std::string line; std::getline(in, line);) ++lines;
    INFO(file.string());
    CHECK(lines <= 320);
  }
}
