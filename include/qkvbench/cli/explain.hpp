// What is wrong with a command line that CLI11 refused, or took amiss.
// What is wrong with the values behind it is said by whoever takes them.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace qkvbench::cli {

/// One line that says what is wrong and how to mend it.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

/// The same of a flag that took the next flag for its value, "--out --quiet"; empty where there is none. `words` are
/// what was parsed.
std::string explain_swallowed(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace qkvbench::cli
