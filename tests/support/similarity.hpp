// Comparing measures with expected values of a JSON file.
// Not the values; fixtures/similarity has those.
#pragma once
#include <cmath>
#include <optional>
#include <string>

#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"

namespace qkvbench::test {

/// expected[name] within `tolerance`, or null where there is no value.
inline void check_near(const std::string& name, const std::optional<double>& value, const nlohmann::json& expected,
                       double tolerance = 1e-6) {
  INFO(name);
  const nlohmann::json& there = expected.at(name);
  REQUIRE(value.has_value() == !there.is_null());
  if (!value) return;
  INFO(*value << " for " << there.get<double>());
  CHECK(std::abs(*value - there.get<double>()) <= tolerance);
}

}  // namespace qkvbench::test
