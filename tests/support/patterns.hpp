// What a pattern finds in a text.
#pragma once
#include <regex>
#include <set>
#include <string>

namespace qkvbench::testing {

/// What a pattern's first group matches in a text, each once.
inline std::set<std::string> found(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  std::set<std::string> words;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), expression); at != std::sregex_iterator(); ++at)
    words.insert((*at)[1]);
  return words;
}

}  // namespace qkvbench::testing
