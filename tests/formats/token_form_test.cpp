// Files of other numbers than 16-bit tokens are told from their bytes, and no list of tokens is taken for one.
// What is said of them through the corpus is in corpus_test.cpp.
#include "qkvbench/formats/token_form.hpp"

#include <algorithm>

#include "data/image_fixtures.hpp"
#include "qkvbench/formats/token_file.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

namespace {

/// n ids below `vocab` that repeat seldom.
template <class T>
std::vector<T> ids(std::size_t n, std::uint32_t vocab) {
  const RandomStream random(1, Purpose::kSample);
  std::vector<T> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<T>(random.below(i, vocab)));
  return out;
}

/// The same numbers with the bytes of each the other way round.
template <class T>
std::string turned(const std::vector<T>& numbers) {
  std::string out = test::bytes_of(numbers);
  for (std::size_t at = 0; at < out.size(); at += sizeof(T))
    std::reverse(out.begin() + static_cast<std::ptrdiff_t>(at),
                 out.begin() + static_cast<std::ptrdiff_t>(at + sizeof(T)));
  return out;
}

std::string header(std::uint32_t magic, std::size_t count) {
  std::vector<std::uint32_t> words(256);
  words[0] = magic, words[1] = 1, words[2] = static_cast<std::uint32_t>(count);
  return test::bytes_of(words);
}

void refused(const std::string& bytes, std::initializer_list<std::string> parts, index_t vocab = 50304) {
  const test::TemporaryDirectory dir;
  const std::string path = dir.write("train.bin", bytes);
  std::vector<std::string> all(parts);
  CAPTURE(all);
  check_error(Exit::kInput, parts, [&] { formats::read_token_file(path, vocab, 1 << 24); });
}

}  // namespace

TEST_CASE("tokens of 16 bits are taken for nothing else, however few or small", "[formats]") {
  const test::TemporaryDirectory dir;
  for (const std::uint32_t vocab : {1u, 2u, 3u, 5u, 65u, 128u, 256u, 257u, 300u, 5000u, 50257u, 65536u})
    for (const std::size_t n : {1u, 2u, 3u, 8u, 64u, 2000u}) {
      CAPTURE(vocab, n);
      const auto tokens = ids<std::uint16_t>(n, vocab);
      const std::string bytes = test::bytes_of(tokens);
      CHECK(formats::foreign_form(bytes, 0).empty());
      CHECK(formats::read_token_file(dir.write("t.bin", bytes), 65536, 1 << 24).tokens == tokens);
      CHECK(formats::read_token_file(dir.write("h.bin", header(20240520, n) + bytes), 65536, 1 << 24).tokens == tokens);
    }
}

TEST_CASE("tokens of 8, 32 and 64 bits, big-endian ones and floats are refused with a mend", "[formats]") {
  const std::string mend = "little-endian tokens of 16 bits";
  for (const std::uint32_t vocab : {65u, 300u, 50257u}) {
    const auto ids16 = ids<std::uint16_t>(300, vocab);
    refused(test::bytes_of(ids<std::uint32_t>(300, vocab)), {"train.bin", "tokens of 32 bits", mend});
    refused(test::bytes_of(ids<std::int64_t>(300, vocab)), {"train.bin", "tokens of 64 bits", mend});
    refused(turned(ids<std::uint32_t>(300, vocab)), {"big-endian tokens of 32 or 64 bits", mend});
    refused(turned(ids<std::int64_t>(300, vocab)), {"big-endian tokens of 32 or 64 bits", mend});
    refused(turned(ids16), {"big-endian"}, vocab);
    refused(test::bytes_of(ids<float>(300, vocab)), {"floats of 32 bits", mend});
    refused(test::bytes_of(ids<double>(300, vocab)), {"floats of 64 bits", mend});
  }
  refused(test::bytes_of(ids<std::uint32_t>(20, 65)), {"tokens of 32 bits"});
  refused(test::bytes_of(ids<std::uint32_t>(300, 128256)), {"32 or 64 bits", mend});
  refused(test::bytes_of(ids<std::uint8_t>(300, 65)), {"tokens of 8 bits", mend});
}

TEST_CASE("llm.c's header does not hide numbers of another width or order", "[formats]") {
  refused(header(20240520, 300) + test::bytes_of(ids<std::uint32_t>(300, 50257)), {"at byte 8", "32 bits for each"});
  refused(header(20240520, 600) + test::bytes_of(ids<std::uint32_t>(300, 50257)), {"tokens of 32 bits"});
  refused(header(20240801, 300) + test::bytes_of(ids<std::uint32_t>(300, 128256)), {"llm.c's mark of 32-bit tokens"});
  std::vector<std::uint32_t> words(256);
  words[0] = 20240520, words[1] = 1, words[2] = 8;
  refused(turned(words) + turned(ids<std::uint16_t>(8, 300)), {"llm.c's mark in big-endian order"});
}

TEST_CASE("files of another kind under the name of tokens are named", "[formats]") {
  const auto tokens = ids<std::uint16_t>(100, 50257);
  refused(test::npy("<u2", "(100,)", test::bytes_of(tokens)), {".npy file", "tofile"});
  refused(test::gzip(test::bytes_of(tokens)), {"gzip", "16 bits"});
  refused("PK\3\4" + std::string(60, 'x'), {"zip"});
  std::string text;
  for (int i = 0; i < 40; ++i) text += "To be or not to be\n";
  refused(text, {"text, which is a corpus itself"});
  refused(text + "!", {"text"});
  refused(test::bytes_of(tokens) + "x", {"odd"});
}

}  // namespace qkvbench::testing
