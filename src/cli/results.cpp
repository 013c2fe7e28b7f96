// Messages and JSON of many results.
// Nothing is decided here.
#include "qkvbench/cli/results.hpp"

#include "qkvbench/formats/json.hpp"

namespace qkvbench::cli {

std::size_t shown_of(std::size_t n) {
  constexpr std::size_t kShown = 8;
  return n > kShown + 1 ? kShown : n;
}

void note_left_out(const Session& session, const std::vector<run::SkippedFile>& left_out) {
  const std::size_t named = shown_of(left_out.size());
  for (std::size_t i = 0; i < named; ++i)
    note(session, "left out: " + left_out[i].path.string() + ": " + left_out[i].reason);
  if (named < left_out.size())
    note(session,
         "left out: " + std::to_string(left_out.size() - named) + " more; qkvbench report --json - names all of them");
}

formats::Json interval_json(const std::optional<report::Interval>& interval) {
  return interval ? formats::Json::array({interval->low, interval->high}) : formats::Json(nullptr);
}

formats::Json settings_json(const std::vector<std::pair<std::string, std::string>>& settings) {
  formats::Json json = formats::Json::object();
  for (const auto& [key, value] : settings) {
    const formats::Json number = formats::Json::parse(value, nullptr, false);
    json[key] = number.is_number() ? number : formats::Json(value);
  }
  return json;
}

}  // namespace qkvbench::cli
