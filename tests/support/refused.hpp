// That the binary refuses something: which status, and what its line on stderr says.
#pragma once
#include <initializer_list>

#include "support/catch.hpp"
#include "support/process.hpp"

namespace qkvbench::test {

/// That it ended with this status and that stderr has these parts.
inline void check_refused(const Outcome& said, int status, std::initializer_list<std::string> parts) {
  INFO(said.err << said.out);
  CHECK(said.status == status);
  for (const std::string& part : parts) CHECK(said.err.find(part) != std::string::npos);
}

}  // namespace qkvbench::test
