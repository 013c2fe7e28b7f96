// Starts the test program again in a clean environment, before anything has read the user's: libraries may
// read it before main(), so that unsetting variables there would come too late.
// Linked into every test program as an object: nothing refers to it.
#include "support/clean_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <string_view>

namespace qkvbench::test {

namespace {

/// Set in the second start, and gone before the first test.
constexpr const char* kMark = "QKVBENCH_TEST_CLEAN";

constexpr std::array kKept{"PATH",
                           "TMPDIR",
                           "LD_LIBRARY_PATH",
                           "DYLD_LIBRARY_PATH",
                           "PYTHONPATH",
                           "PYENV_ROOT",
                           "ASAN_OPTIONS",
                           "UBSAN_OPTIONS",
                           "LSAN_OPTIONS",
                           "TSAN_OPTIONS",
                           "GCOV_PREFIX",
                           "QKVBENCH_SOAK",
                           "QKVBENCH_FUZZ",
                           "QKVBENCH_APPROVE",
                           "QKVBENCH_INTEROP",
                           "GCOV_PREFIX_STRIP",
                           "LLVM_PROFILE_FILE",
                           "PYTHONUSERBASE"};

std::string_view name_of(std::string_view variable) { return variable.substr(0, variable.find('=')); }

}  // namespace

std::vector<std::string> clean_environment(const std::vector<std::string>& users) {
  std::vector<std::string> out{"HOME=" TEST_HOME, "LANG=C.UTF-8"};
  for (const std::string& variable : users) {
    if (std::ranges::find(kKept, name_of(variable)) != kKept.end()) out.push_back(variable);
    // Modules that were installed for one user lie below their home.
    if (variable.starts_with("HOME=")) out.push_back("QKVBENCH_TEST_USER_" + variable);
  }
  return out;
}

namespace {

__attribute__((constructor)) void start_clean(int, char** argv, char** environment) {
  if (std::getenv(kMark) != nullptr) {
    ::unsetenv(kMark);
    return;
  }
  std::vector<std::string> users;
  for (char** at = environment; *at != nullptr; ++at) users.emplace_back(*at);
  std::vector<std::string> variables = clean_environment(users);
  variables.push_back(std::string(kMark) + "=1");
  std::vector<char*> pointers;
  for (std::string& variable : variables) pointers.push_back(variable.data());
  pointers.push_back(nullptr);
  std::array<char, PATH_MAX> self{};
  const bool known = ::readlink("/proc/self/exe", self.data(), self.size() - 1) > 0;
  ::execve(known ? self.data() : argv[0], argv, pointers.data());
  std::abort();  // tests in an unknown environment would prove nothing
}

}  // namespace

}  // namespace qkvbench::test
