// Typed properties of a JSON object that is not to be trusted.
// The text is parsed in formats/strict_json.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"

namespace qkvbench::run {

using formats::Json;

/// Reads the properties of one object, which must outlive it, as must `origin`. Every function throws Error (input):
/// `origin`, the property's place ("tool.version") and what is wrong with it.
class Fields {
 public:
  /// The object called `name` in errors; the outermost one has no name.
  Fields(const Json& json, std::string name, const std::string& origin);

  [[noreturn]] void refuse(const std::string& reason) const;
  bool has(const std::string& key) const { return json_.contains(key); }
  const Json& at(const std::string& key) const;
  Fields object(const std::string& key) const { return {at(key), path(key), origin_}; }
  std::string text(const std::string& key) const;
  bool truth(const std::string& key) const;
  /// From 0 to 2^62.
  index_t count(const std::string& key) const;
  /// Nothing for null.
  std::optional<double> number(const std::string& key) const;
  const Json& list(const std::string& key) const;
  std::vector<std::string> texts(const std::string& key) const;
  /// An object of a list, called so.
  Fields entry(const Json& json, const std::string& name) const { return {json, name, origin_}; }
  const Json& json() const { return json_; }

 private:
  std::string path(const std::string& key) const { return name_.empty() ? key : name_ + "." + key; }

  const Json& json_;
  std::string name_;
  const std::string& origin_;
};

}  // namespace qkvbench::run
