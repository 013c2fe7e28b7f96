// Every reader of files that nobody vouches for, as a row: bytes in, a result or an Error of the right kind out.
// Used by the fuzzer (fuzz_main.cpp) and by the test that replays its corpus.
#pragma once
#include <span>
#include <string>

namespace qkvbench::fuzz {

struct Reader {
  const char* name;  ///< of its folder in tests/fuzz/corpus
  void (*read)(const std::string& bytes);
};

std::span<const Reader> all_readers();

/// Reads; Errors of status 2 and 3 are what bad bytes should cost. Anything else comes through.
void try_reader(const Reader& reader, const std::string& bytes);

}  // namespace qkvbench::fuzz
