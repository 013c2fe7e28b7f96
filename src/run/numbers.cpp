// A list and not a map: there are few, and files keep their order.
#include "qkvbench/run/numbers.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/fields.hpp"

namespace qkvbench::run {

Json or_null(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }
Json or_null(const std::optional<double>& x) { return x ? or_null(*x) : Json(nullptr); }
Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

void Numbers::put(Number number) {
  const auto found = std::ranges::find(numbers_, number.name, &Number::name);
  if (found != numbers_.end())
    *found = std::move(number);
  else
    numbers_.push_back(std::move(number));
}

void Numbers::set(const std::string& name, std::optional<double> value) {
  put({name, value && std::isfinite(*value) ? value : std::nullopt, false});
}

void Numbers::set_count(const std::string& name, index_t count) { put({name, static_cast<double>(count), true}); }

std::optional<double> Numbers::value(std::string_view name) const {
  const auto found = std::ranges::find(numbers_, name, &Number::name);
  return found == numbers_.end() ? std::nullopt : found->value;
}

bool Numbers::contains(std::string_view name) const {
  return std::ranges::find(numbers_, name, &Number::name) != numbers_.end();
}

Json numbers_json(const Numbers& numbers) {
  Json json = Json::object();
  for (const auto& [name, value, is_count] : numbers)
    json[name] = value && is_count ? Json(static_cast<index_t>(*value)) : or_null(value);
  return json;
}

Numbers numbers_from(const Fields& object) {
  Numbers numbers;
  for (const auto& [name, value] : object.json().items())
    if (formats::is_count(value))
      numbers.set_count(name, value.get<index_t>());
    else
      numbers.set(name, object.number(name));
  return numbers;
}

}  // namespace qkvbench::run
