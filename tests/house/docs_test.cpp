// README and docs: short enough, and what they point to is there.
// Whether the commands that they show are the program's is tested in tests/cli/docs_test.
#include <cctype>
#include <map>
#include <regex>
#include <set>

#include "support/catch.hpp"
#include "support/pages.hpp"

namespace {

namespace fs = std::filesystem;
using qkvbench::testing::all_pages;
using qkvbench::testing::between_marks;
using qkvbench::testing::cells_of;
using qkvbench::testing::lines_of;
using qkvbench::testing::Page;
using qkvbench::testing::read_page;

const std::string kRoot = SOURCE_DIR;

/// The anchor that GitHub gives a heading.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || byte >= 0x80) anchor += static_cast<char>(std::tolower(byte));
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

std::set<std::string> anchors_in(const Page& page) {
  std::set<std::string> anchors;
  for (const std::string& line : page.lines)
    if (const std::size_t text = line.find_first_not_of('#'); text != 0 && text != std::string::npos)
      anchors.insert(anchor_of(line.substr(text + 1)));
  return anchors;
}

/// The names of all files of the program and its tests.
std::set<std::string> source_names() {
  std::set<std::string> names;
  for (const char* root : {"/src", "/include", "/tests"})
    for (const auto& entry : fs::recursive_directory_iterator(kRoot + root))
      names.insert(entry.path().filename().string());
  return names;
}

/// A table of speed by case, each with its cells by heading.
std::map<std::string, std::map<std::string, std::string>> speeds(const std::string& file, const std::string& name) {
  const auto blocks = between_marks(qkvbench::read_file(kRoot + file), "\n<!-- bench " + name + " -->\n",
                                    "<!-- end of bench " + name + " -->\n");
  REQUIRE(blocks.size() == 1);
  std::map<std::string, std::map<std::string, std::string>> rows;
  std::vector<std::string> heads;
  for (const std::string& line : lines_of(blocks[0])) {
    if (line.rfind("|", 0) != 0) break;
    const std::vector<std::string> cells = cells_of(line);
    if (heads.empty()) heads = cells;
    for (std::size_t i = 0; i < cells.size(); ++i) rows[cells.at(1)][heads.at(i)] = cells[i];
  }
  return rows;
}

}  // namespace

TEST_CASE("README has at most 160 lines and one picture", "[docs]") {
  const std::string readme = qkvbench::read_file(kRoot + "/README.md");
  CHECK(std::count(readme.begin(), readme.end(), '\n') <= 160);
  CHECK(between_marks(readme, "![", "](").size() == 1);
}

TEST_CASE("what README says of the paper, the study says", "[docs]") {
  const auto blocks =
      between_marks(qkvbench::read_file(kRoot + "/README.md"), "<!-- study -->\n", "<!-- end of study -->");
  REQUIRE(blocks.size() == 1);
  const std::string study = qkvbench::read_file(kRoot + "/docs/study.md");
  const std::string sentences = study.substr(0, study.find("\n## "));
  int lines = 0;
  for (const std::string& line : lines_of(blocks[0])) {
    INFO(line);
    CHECK(sentences.find("\n" + line + "\n") != std::string::npos);
    ++lines;
  }
  CHECK(lines > 0);
  CHECK(lines <= 8);
}

TEST_CASE("every relative link of README and docs leads to a file, and to a heading of it", "[docs]") {
  int seen = 0;
  for (const Page& page : all_pages())
    for (const std::string& link : between_marks(page.prose(), "](", ")")) {
      if (link.find("://") != std::string::npos) continue;
      INFO(page.path.string() << " links to " << link);
      const std::size_t hash = link.find('#');
      const fs::path target = hash == 0 ? page.path : page.path.parent_path() / link.substr(0, hash);
      CHECK(fs::exists(target));
      if (hash != std::string::npos && fs::exists(target))
        CHECK(anchors_in(read_page(target)).contains(link.substr(hash + 1)));
      ++seen;
    }
  CHECK(seen > 20);  // the marks still match something
}

TEST_CASE("sources that the pages name are there", "[docs]") {
  const std::regex pattern(R"re(^(src|include|tests|data)/[^*<{ ]*\.[a-z]+$)re");
  const std::set<std::string> names = source_names();
  int seen = 0;
  for (const Page& page : all_pages())
    for (const std::string& code : between_marks(page.prose(), "`", "`")) {
      if (!std::regex_match(code, pattern)) continue;
      INFO(page.path.string() << " names " << code);
      const fs::path path = fs::path(kRoot) / code;
      // A room that is still to come holds files of other rooms.
      CHECK((fs::exists(path.parent_path()) ? fs::exists(path) : names.contains(path.filename().string())));
      ++seen;
    }
  CHECK(seen > 10);
}

TEST_CASE("README's table of speed is that of docs/benchmarks.md in short", "[docs]") {
  const auto all = speeds("/docs/benchmarks.md", "train");
  const auto rows = speeds("/README.md", "summary");
  CHECK(rows.size() == all.size());
  for (const auto& [name, cells] : rows)
    for (const auto& [heading, cell] : cells) {
      INFO(name << ", " << heading << ": " << cell);
      REQUIRE(all.contains(name));
      CHECK(all.at(name).at(heading) == cell);
    }
}

TEST_CASE("README gives a reason for every library", "[docs]") {
  std::string readme = qkvbench::read_file(kRoot + "/README.md");
  std::transform(readme.begin(), readme.end(), readme.begin(), [](unsigned char c) { return std::tolower(c); });
  int seen = 0;
  for (const char* file : {"/CMakeLists.txt", "/tests/CMakeLists.txt"})
    for (std::string name : between_marks(qkvbench::read_file(kRoot + file), "find_package(", ")")) {
      name = name.substr(0, name.find(' '));
      if (name == "Threads") continue;  // the system's
      while (std::isdigit(static_cast<unsigned char>(name.back()))) name.pop_back();
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return c == '_' ? '/' : static_cast<char>(std::tolower(c)); });
      INFO(name);
      CHECK(readme.find(name) != std::string::npos);
      ++seen;
    }
  CHECK(seen > 8);
}
