// The fuzzers' corpus, replayed: seeds, the least inputs that reach what five million executions of each reader
// reached, and whatever once broke one. Searching for more is `make fuzz`.
#include <filesystem>

#include "fuzz/readers.hpp"
#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"

TEST_CASE("no reader breaks on the fuzzers' corpus, cut short or not") {
  for (const qkvbench::fuzz::Reader& reader : qkvbench::fuzz::all_readers()) {
    int files = 0;
    const std::filesystem::path folder = SOURCE_DIR "/tests/fuzz/corpus/" + std::string(reader.name);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string bytes = qkvbench::read_file(entry.path());
      INFO(entry.path().string());
      CHECK_NOTHROW(qkvbench::fuzz::try_reader(reader, bytes));
      CHECK_NOTHROW(qkvbench::fuzz::try_reader(reader, bytes.substr(0, bytes.size() / 2)));
      ++files;
    }
    INFO(reader.name);
    CHECK(files > 0);
  }
}
