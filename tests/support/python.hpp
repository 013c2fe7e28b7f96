// The Python that tests run as an outside reader of what we write.
// Not for anything that the program itself needs.
#pragma once
#include <cstdlib>
#include <string>

#include "support/catch.hpp"

namespace qkvbench::test {

/// A Python that has the module; the system's may be hidden behind another one, or modules lie in the user's home.
inline std::string python_with(const std::string& module) {
  const std::string home = "HOME=\"${QKVBENCH_TEST_USER_HOME-$HOME}\" ";
  for (const std::string& python : {home + "/usr/bin/python3", home + "python3"})
    if (std::system((python + " -c 'import " + module + "' 2>/dev/null").c_str()) == 0) return python;
  FAIL("no python3 with the module " << module << "; make setup-test installs it");
  return "";
}

}  // namespace qkvbench::test
