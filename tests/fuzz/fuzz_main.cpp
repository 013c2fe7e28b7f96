// libFuzzer's entry: QKVBENCH_FUZZ names the reader. `make fuzz` runs all of them.
// Built by clang only.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "fuzz/readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const qkvbench::fuzz::Reader* reader = [] {
    const char* name = std::getenv("QKVBENCH_FUZZ");
    for (const auto& row : qkvbench::fuzz::all_readers())
      if (name != nullptr && std::string(name) == row.name) return &row;
    std::fprintf(stderr, "QKVBENCH_FUZZ must name a reader:");
    for (const auto& row : qkvbench::fuzz::all_readers()) std::fprintf(stderr, " %s", row.name);
    std::fprintf(stderr, "\n");
    std::exit(2);
  }();
  qkvbench::fuzz::try_reader(*reader, std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
