// What is wrong with a command line that CLI11 refused.
// What is wrong with the values behind it is said by whoever takes them.
#pragma once
#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace qkvbench::cli {

/// One line that says what is wrong and how to mend it.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace qkvbench::cli
