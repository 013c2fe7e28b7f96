// What an error says and which exit status it carries.
// Messages are part of the interface: they name the operation, the sizes and the mend.
#pragma once
#include <initializer_list>
#include <string>

#include "qkvbench/base/error.hpp"
#include "support/catch.hpp"

namespace qkvbench::testing {

/// Whether a text has this part.
inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Runs f, which must throw an Error of this status with all of these parts in its one line.
template <class F>
void check_error(Exit status, std::initializer_list<std::string> parts, F&& f) {
  try {
    f();
  } catch (const Error& error) {
    const std::string message = error.what();
    INFO("message: " << message);
    CHECK(static_cast<int>(error.status()) == static_cast<int>(status));
    CHECK(message.find('\n') == std::string::npos);
    for (const std::string& part : parts) {
      INFO("part: " << part);
      CHECK(message.find(part) != std::string::npos);
    }
    return;
  }
  FAIL("no error was thrown");
}

}  // namespace qkvbench::testing
