// The library's parser with a callback that watches depth and keys.
// Does not say what the JSON should mean.
#include "qkvbench/formats/strict_json.hpp"

#include <set>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"

namespace qkvbench::formats {

namespace {

template <class AnyJson>
AnyJson parse_strictly(std::string_view text, const std::string& origin, std::size_t limit, std::size_t most_keys) {
  if (text.size() > limit)
    fail_input(origin + ": " + std::to_string(text.size()) + " bytes of JSON, more than the " + std::to_string(limit) +
               " allowed");
  constexpr int kDeepest = 64;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, typename AnyJson::parse_event_t event, AnyJson& parsed) {
    if (depth > kDeepest) fail_input(origin + ": JSON nests deeper than " + std::to_string(kDeepest));
    if (event == AnyJson::parse_event_t::object_start) keys.emplace_back();
    if (event == AnyJson::parse_event_t::object_end) keys.pop_back();
    if (event == AnyJson::parse_event_t::key) {
      if (!keys.back().insert(parsed.template get<std::string>()).second)
        fail_input(origin + ": the key '" + parsed.template get<std::string>() + "' appears twice in one object");
      if (keys.back().size() > most_keys)
        fail_input(origin + ": an object of more than " + std::to_string(most_keys) + " keys");
    }
    return true;
  };
  try {
    return AnyJson::parse(text.begin(), text.end(), watch);
  } catch (const typename AnyJson::parse_error& error) {
    fail_input(origin + ": no valid JSON at byte " + std::to_string(error.byte));
  } catch (const typename AnyJson::exception& error) {
    fail_input(origin + ": no valid JSON (" + std::string(error.what()) + ")");
  }
}

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& origin, std::size_t limit) {
  return parse_strictly<nlohmann::json>(text, origin, limit, limit);
}

nlohmann::ordered_json parse_ordered(std::string_view text, const std::string& origin, std::size_t limit) {
  constexpr std::size_t kMostKeys = 256;
  return parse_strictly<nlohmann::ordered_json>(text, origin, limit, kMostKeys);
}

bool is_count(const nlohmann::json& value) {
  return value.is_number_integer() && value >= 0 && value <= std::uint64_t{1} << 62;
}

std::int64_t count_of(const nlohmann::json& value, const std::string& where) {
  if (!is_count(value)) fail_input(where + ": " + value.dump() + " is no count");
  return value.get<std::int64_t>();
}

}  // namespace qkvbench::formats
