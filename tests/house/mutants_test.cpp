// The known mistakes of tests/mutants: each still fits the source that it changes.
// Whether a test notices them, tests/mutants/run says; that takes an hour.
#include <filesystem>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/pages.hpp"

namespace {

using qkvbench::read_file;
using qkvbench::testing::has;
using qkvbench::testing::lines_of;

const std::filesystem::path kRoot = SOURCE_DIR;

/// What the patch expects of the file, hunk by hunk: the lines that it keeps or takes away.
std::vector<std::string> hunks_of(const std::vector<std::string>& patch) {
  std::vector<std::string> hunks;
  for (const std::string& line : patch)
    if (line.starts_with("@@"))
      hunks.emplace_back();
    else if (!hunks.empty() && (line.starts_with(' ') || line.starts_with('-')))
      hunks.back() += line.substr(1) + "\n";
  return hunks;
}

}  // namespace

TEST_CASE("every known mistake fits the source that it is put into", "[mutants]") {
  int patches = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "tests/mutants")) {
    if (entry.path().extension() != ".patch") continue;
    INFO(entry.path().filename().string());
    const auto lines = lines_of(read_file(entry.path()));
    std::string source;
    for (const std::string& line : lines)
      if (line.starts_with("--- a/")) source = read_file(kRoot / line.substr(6, line.find('\t') - 6));
    const auto hunks = hunks_of(lines);
    CHECK(!hunks.empty());
    for (const std::string& hunk : hunks) CHECK(has(source, hunk));
    ++patches;
  }
  CHECK(patches >= 20);
}
