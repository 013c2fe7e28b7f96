// What is asked for is looked at before it is converted: the library would convert anything to a number.
#include "qkvbench/run/fields.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::run {

Fields::Fields(const Json& json, std::string name, const std::string& origin)
    : json_(json), name_(std::move(name)), origin_(origin) {
  if (!json.is_object()) refuse(name_.empty() ? "it is no JSON object" : name_ + " is no object");
}

void Fields::refuse(const std::string& reason) const { fail_input(origin_ + ": " + reason); }

const Json& Fields::at(const std::string& key) const {
  const auto found = json_.find(key);
  if (found == json_.end()) refuse("there is no " + path(key));
  return *found;
}

std::string Fields::text(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_string()) refuse(path(key) + " is no text");
  return value.get<std::string>();
}

bool Fields::truth(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_boolean()) refuse(path(key) + " is neither true nor false");
  return value.get<bool>();
}

index_t Fields::count(const std::string& key) const {
  const Json& value = at(key);
  if (!formats::is_count(value)) refuse(path(key) + " is no count");
  return value.get<index_t>();
}

std::optional<double> Fields::number(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_null() && !value.is_number()) refuse(path(key) + " is neither a number nor null");
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

const Json& Fields::list(const std::string& key) const {
  const Json& value = at(key);
  if (!value.is_array()) refuse(path(key) + " is no list");
  return value;
}

std::vector<std::string> Fields::texts(const std::string& key) const {
  std::vector<std::string> texts;
  for (const Json& value : list(key)) {
    if (!value.is_string()) refuse("an entry of " + path(key) + " is no text");
    texts.push_back(value.get<std::string>());
  }
  return texts;
}

}  // namespace qkvbench::run
