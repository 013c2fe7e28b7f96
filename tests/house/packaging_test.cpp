// What packages are made of: the formula and the container's file say what .ci/setup and CMake say.
// Whether a package installs and runs, tests/package tries. And that each target of the Makefile has its rule.
#include <iterator>
#include <regex>
#include <set>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/patterns.hpp"

using qkvbench::testing::found;

namespace {

std::string text_of(const std::string& file) { return qkvbench::read_file(SOURCE_DIR + std::string(file)); }

}  // namespace

TEST_CASE("the formula depends on what setup installs to build, and is of this version", "[house]") {
  const std::string setup = text_of("/.ci/setup"), formula = text_of("/packaging/homebrew/qkvbench.rb");
  std::set<std::string> wanted = found(setup.substr(0, setup.find("\nif [ \"$level\"")), "\nneed '.*' \\S+ (\\S+)");
  CHECK(wanted.size() > 10);
  wanted.erase("llvm");  // Homebrew has a compiler
  CHECK(found(formula, "(?:depends_on|uses_from_macos) \"([^\"]+)\"") == wanted);
  CHECK(found(formula, "qkvbench-([0-9.]+)\\.tar\\.gz") ==
        found(text_of("/CMakeLists.txt"), "project\\(qkvbench VERSION ([0-9.]+)"));
}

TEST_CASE("the container is made by the commands that others use, and installs their package", "[house]") {
  const std::string container = text_of("/packaging/Containerfile"), make = text_of("/Makefile");
  CHECK(container.find("RUN make package ") != std::string::npos);
  CHECK(make.find("\npackage:") != std::string::npos);
  CHECK(container.find("/qkvbench.deb") != std::string::npos);
  CHECK(found(container, "(apt-get install [^\\n]*lib[a-z0-9]+-dev)").empty());  // .ci/setup alone lists libraries
}

TEST_CASE("every target of the Makefile has one rule, and CI calls targets that there are", "[house]") {
  const std::string make = text_of("/Makefile"), names = make.substr(make.find(".PHONY:"), 2000);
  const std::string rule = "\n([a-z-]+):(?!=)";
  const std::regex expression(rule);
  const std::set<std::string> rules = found(make, rule);
  CHECK(static_cast<std::size_t>(std::distance(std::sregex_iterator(make.begin(), make.end(), expression),
                                               std::sregex_iterator())) == rules.size());
  CHECK(found(names.substr(7, names.find("\n.DEFAULT") - 7), "([a-z-]+)") == rules);
  for (const std::string& target : found(text_of("/.ci/run"), "\nmake ([a-z-]+)")) CHECK(rules.count(target) == 1);
}
