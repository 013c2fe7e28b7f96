// Numbers of results and answers: by name, in order, and null where they do not exist.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qkvbench/base/real.hpp"
#include "qkvbench/formats/json_text.hpp"

namespace qkvbench::run {

using formats::Json;

/// A finite number, or null; a text that is not empty, or null.
Json or_null(double x);
Json or_null(const std::optional<double>& x);
Json or_null(const std::string& text);

/// Numbers by name, in the order in which they came. One that does not exist is there without a value: null in JSON.
class Numbers {
 public:
  struct Number {
    std::string name;
    std::optional<double> value;  ///< finite
    bool is_count = false;        ///< written without a point
  };

  /// In the place of the one of that name, or behind all others. A value that is not finite does not exist.
  void set(const std::string& name, std::optional<double> value);
  void set_count(const std::string& name, index_t count);
  /// Nothing when it does not exist, or none has that name.
  std::optional<double> value(std::string_view name) const;
  bool contains(std::string_view name) const;
  bool empty() const { return numbers_.empty(); }
  auto begin() const { return numbers_.begin(); }
  auto end() const { return numbers_.end(); }

 private:
  void put(Number number);
  std::vector<Number> numbers_;
};

class Fields;

Json numbers_json(const Numbers& numbers);
/// All properties of an object. Throws Error (input) as Fields does.
Numbers numbers_from(const Fields& object);

}  // namespace qkvbench::run
