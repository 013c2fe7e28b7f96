// The library's parser with a callback that watches depth and keys.
// Does not say what the JSON should mean.
#include "qkvbench/formats/strict_json.hpp"

#include <set>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"

namespace qkvbench::formats {

nlohmann::json parse_json(std::string_view text, const std::string& origin, std::size_t limit) {
  using Json = nlohmann::json;
  if (text.size() > limit)
    fail_input(origin + ": " + std::to_string(text.size()) + " bytes of JSON, more than the " + std::to_string(limit) +
               " allowed");
  constexpr int kDeepest = 64;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDeepest) fail_input(origin + ": JSON nests deeper than " + std::to_string(kDeepest));
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
      fail_input(origin + ": the key '" + parsed.get<std::string>() + "' appears twice in one object");
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    fail_input(origin + ": no valid JSON at byte " + std::to_string(error.byte));
  } catch (const Json::exception& error) {
    fail_input(origin + ": no valid JSON (" + std::string(error.what()) + ")");
  }
}

bool is_count(const nlohmann::json& value) {
  return value.is_number_integer() && value >= 0 && value <= std::uint64_t{1} << 62;
}

std::int64_t count_of(const nlohmann::json& value, const std::string& where) {
  if (!is_count(value)) fail_input(where + ": " + value.dump() + " is no count");
  return value.get<std::int64_t>();
}

}  // namespace qkvbench::formats
