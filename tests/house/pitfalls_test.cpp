// Mistakes of C++ that were made here once and that no compiler in use warns of, looked for in every source.
// Reads the sources as text, a line at a time; what is told apart is tried on lines that are right and wrong.
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <string>

#include "support/catch.hpp"
#include "support/sources.hpp"

namespace {

namespace fs = std::filesystem;

/// The place of the parenthesis that closes the one at `open`, or npos.
std::size_t closing(const std::string& line, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < line.size(); ++i) {
    if (line[i] == '(') ++depth;
    if (line[i] == ')' && --depth == 0) return i;
  }
  return std::string::npos;
}

/// `for (x : f()["key"])`: before C++23 what f() returns is gone before the loop begins. A member of it would live on.
bool walks_over_what_is_gone(const std::string& line) {
  static const std::regex head(R"re(\bfor \([^;()]*[^:()]: ?[A-Za-z_][\w:]*\()re");
  static const std::regex part(R"re(^(\[|\.(at|items|front|back)\())re");
  std::smatch match;
  if (!std::regex_search(line, match, head)) return false;
  const std::size_t end = closing(line, static_cast<std::size_t>(match.position() + match.length() - 1));
  return end != std::string::npos && std::regex_search(line.substr(end + 1), part);
}

/// A macro that changes classes of Eigen: files of one program that differ in it free what the other allocated.
bool changes_eigen(const std::string& line) {
  static const std::regex pattern(R"re(^\s*#\s*define\s+EIGEN_)re");
  return std::regex_search(line, pattern);
}

int check_none(const std::function<bool(const std::string&)>& is_wrong) {
  int files = 0;
  for (const fs::path& file : qkvbench::test::sources_below({"include/qkvbench", "src", "tests"})) {
    if (file.filename() == "pitfalls_test.cpp") continue;
    std::ifstream in(file);
    ++files;
    for (std::string line; std::getline(in, line);) {
      INFO(file.string() << ": " << line);
      CHECK_FALSE(is_wrong(line));
    }
  }
  return files;
}

}  // namespace

TEST_CASE("no loop walks over part of what a function returned") {
  for (const char* wrong :
       {"for (const json& run : answer(words)[\"runs\"]) {", "for (auto& row : json::parse(r.out)[\"sets\"])",
        "for (const auto& [k, v] : parse(text).items()) {", "for (const auto& x : read(f).at(\"x\")) {"})
    CHECK(walks_over_what_is_gone(wrong));
  for (const char* right :
       {"for (const json& run : said[\"runs\"]) {", "for (const auto& [k, v] : json.at(\"a\").items()) {",
        "for (const Record& r : read_records({path}).records)", "for (const auto& x : all_presets()) y[i] = f(x)[0];",
        "for (std::size_t i = 0; i < f(x)[0]; ++i) {", "for (const auto& x : joined(parts(line).at(1), y)) f(x);",
        "for (const std::string& s : {std::string(1, 'x'), a[0]})"})
    CHECK_FALSE(walks_over_what_is_gone(right));
  CHECK(check_none(walks_over_what_is_gone) > 400);
}

TEST_CASE("no file changes the classes of a library that others share") {
  CHECK(changes_eigen("#define EIGEN_DONT_VECTORIZE"));
  CHECK(check_none(changes_eigen) > 400);
}
