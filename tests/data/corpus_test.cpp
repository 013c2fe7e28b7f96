// Corpora from files: what is read, and that a hostile file costs one clear line.
// Files are written here; nothing is read that the test did not write.
#include "qkvbench/data/corpus.hpp"

#include <cmath>
#include <numbers>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using namespace qkvbench::data;
using test::TemporaryDirectory;

namespace {

using Tokens = std::vector<std::uint16_t>;

std::string nanogpt(const Tokens& tokens) {
  std::string out;
  for (const std::uint16_t token : tokens) {
    out += static_cast<char>(token & 0xFF);
    out += static_cast<char>(token >> 8);
  }
  return out;
}

std::string llmc(const Tokens& tokens, std::uint32_t magic, std::uint32_t version, std::uint32_t count) {
  std::string out(1024, '\0');
  const std::uint32_t header[3] = {magic, version, count};
  for (std::size_t i = 0; i < 12; ++i) out[i] = static_cast<char>(header[i / 4] >> (8 * (i % 4)));
  return out + nanogpt(tokens);
}

std::string llmc(const Tokens& tokens) { return llmc(tokens, 20240520, 1, static_cast<std::uint32_t>(tokens.size())); }

/// The message of a refused corpus, which must be one line, of status 3, and name `where`.
void check_refused(const std::string& spec, const std::string& where, const std::string& what,
                   const CorpusOptions& options = {}) {
  CAPTURE(spec, where, what);
  try {
    load_corpus(spec, options);
    FAIL("it was read");
  } catch (const Error& error) {
    const std::string message = error.what();
    CAPTURE(message);
    CHECK(error.status() == Exit::kInput);
    CHECK(message.find(where) != std::string::npos);
    CHECK(message.find(what) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
  }
}

}  // namespace

TEST_CASE("a text by characters: sorted vocabulary, nine to one, bytes counted") {
  const TemporaryDirectory directory;
  const std::string text = "zebra é 漢\nzebra abc é";  // 21 characters
  const std::string path = directory.write("small.txt", text);
  const Corpus corpus = load_corpus(path);
  CHECK(corpus.name == "small.txt");
  CHECK(corpus.tokenizer.symbols() == std::vector<std::string>{"\n", " ", "a", "b", "c", "e", "r", "z", "é", "漢"});
  CHECK(corpus.vocab() == 10);
  CHECK(corpus.train.size() == 18);
  CHECK(corpus.validation.size() == 3);
  CHECK(corpus.validation_targets() == 2);
  std::vector<std::int32_t> ids(corpus.train.begin(), corpus.train.end());
  ids.insert(ids.end(), corpus.validation.begin(), corpus.validation.end());
  CHECK(corpus.tokenizer.decode(ids) == text);
  CHECK(corpus.tokenizer.encode(text) == ids);
  CHECK(*corpus.validation_target_bytes == 3);  // " é"
  CHECK(std::abs(*corpus.bits_per_byte(3 * std::numbers::ln2) - 2) <= 1e-12);
  REQUIRE(corpus.files.size() == 1);
  CHECK(corpus.files[0].path == path);
  CHECK(corpus.files[0].bytes == text.size());
  CHECK(corpus.files[0].sha256 == formats::sha256(text));
  CHECK(!corpus.floor);
}

TEST_CASE("a text by bytes, by prefix or by option") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("raw", std::string("\xFF\x00\xFE 12345678", 12));
  for (const Corpus& corpus : {load_corpus("bytes:" + path), load_corpus(path, {.bytes = true})}) {
    CHECK(corpus.vocab() == 256);
    CHECK(corpus.train == Tokens{255, 0, 254, ' ', '1', '2', '3', '4', '5', '6'});
    CHECK(corpus.validation == Tokens{'7', '8'});
    CHECK(*corpus.validation_target_bytes == 1);
  }
}

TEST_CASE("the same tokens in nanoGPT's form and in llm.c's are the same corpus") {
  const TemporaryDirectory directory;
  const Tokens train{1, 2, 300, 50256, 0, 7}, validation{5, 50256, 9};
  directory.write("nano/train.bin", nanogpt(train));
  directory.write("nano/val.bin", nanogpt(validation));
  directory.write("llmc/train.bin", llmc(train));
  directory.write("llmc/val.bin", llmc(validation));
  const Corpus nano = load_corpus(directory.path("nano")), llm = load_corpus(directory.path("llmc") + "/");
  CHECK(nano.train == train);
  CHECK(nano.validation == validation);
  CHECK(llm.train == train);
  CHECK(llm.validation == validation);
  CHECK(nano.vocab() == 50304);
  CHECK(load_corpus(directory.path("llmc"), {.vocab = 50257}).vocab() == 50257);
  CHECK(!nano.validation_target_bytes);
  CHECK(!nano.bits_per_byte(1.0));
  CHECK(nano.name == "nano");
  CHECK(llm.name == "llmc");
  REQUIRE(nano.files.size() == 2);
  CHECK(nano.files[1].bytes == 6);
  CHECK(nano.files[1].sha256 == formats::sha256(nanogpt(validation)));
}

TEST_CASE("texts that are refused") {
  const TemporaryDirectory directory;
  check_refused(directory.path("missing.txt"), "missing.txt", "there is no such file");
  check_refused("", "corpus ''", "a corpus is 'stories'");
  check_refused("storys", "storys", "'stories' (built in)");
  check_refused("/dev/null", "/dev/null", "not a file");
  check_refused(directory.write("empty.txt", ""), "empty.txt", "empty");
  check_refused("bytes:" + directory.path("empty.txt"), "empty.txt", "empty");
  check_refused("bytes:" + directory.path().string(), "bytes:", "not a file");
  check_refused(directory.write("latin1.txt", "caf\xE9 au lait"), "latin1.txt: byte 3 ", "bytes:");
  check_refused(directory.write("cut.txt", "abc\xE2\x82"), "cut.txt: byte 3 ", "UTF-8");
  check_refused(directory.write("large.txt", "0123456789"), "large.txt", "10 bytes", {.max_file_bytes = 9});
  check_refused(directory.write("nul.txt", std::string("ab\0c", 4)), "nul.txt: byte 2 is 0", "train.bin");
  std::string many;
  for (char32_t c = 0; c < 0x10000 + 0x801; ++c)
    if (c < 0xD800 || c > 0xDFFF) many += formats::utf8(c);
  check_refused(directory.write("many.txt", many), "many.txt", "65537 different characters");
}

TEST_CASE("files of tokens that are refused") {
  const TemporaryDirectory directory;
  directory.write("d/val.bin", nanogpt({1, 2, 3}));
  check_refused(directory.path("d"), "d has no file train.bin", "train.bin and val.bin");
  const auto refused = [&](const std::string& content, const std::string& what) {
    directory.write("d/train.bin", content);
    check_refused(directory.path("d"), "train.bin", what, {.vocab = 50257});
  };
  const Tokens good{1, 2, 3, 4};
  refused("", "no tokens");
  refused(nanogpt(good) + "x", "length of 9 bytes is odd");
  refused(nanogpt({1, 2, 50257, 3}), "token 50257 at byte 4 is beyond the vocabulary of 50257");
  refused(llmc({1, 65535}), "token 65535 at byte 1026");
  refused(llmc(good).substr(0, 512), "ends at byte 512");
  refused(llmc({}), "no tokens");
  refused(llmc(good, 20240520, 2, 4), "version at byte 4 is 2");
  refused(llmc(good, 20240520, 1, 5), "promises 5 tokens, but the file holds 4");
  refused(llmc(good, 20240520, 1, 3), "promises 3 tokens, but the file holds 4");
  refused(llmc(good, 20240520, 1, 0xFFFFFFFF), "promises 4294967295 tokens");
  refused(llmc(good, 20240801, 7, 4), "32-bit tokens");
  directory.write("d/train.bin", nanogpt(good));
  CHECK_NOTHROW(load_corpus(directory.path("d")));
  check_refused(directory.path("d"), "train.bin", "8 bytes", {.max_file_bytes = 7});
  directory.write("d/val.bin", nanogpt({60000}));
  check_refused(directory.path("d"), "val.bin: token 60000 at byte 0", "vocabulary");
}

TEST_CASE("a file that claims to be vast is refused before memory is taken") {
  const TemporaryDirectory directory;
  const std::string path = directory.write("vast.txt", "a");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);  // sparse
  check_refused(path, "vast.txt", "bytes, more than");
}

TEST_CASE("all of a text can be scored, of characters, bytes and tokens", "[data]") {
  const test::TemporaryDirectory dir;
  dir.write("t.txt", "the cat sat on the mat, and so on");
  const auto whole = [&](const std::string& spec) {
    data::CorpusOptions options;
    options.train_share = 0;
    return data::load_corpus(spec, options);
  };
  for (const std::string prefix : {"", "bytes:"}) {
    const data::Corpus divided = data::load_corpus(prefix + dir.path("t.txt")), all = whole(prefix + dir.path("t.txt"));
    CHECK(all.train.empty());
    CHECK(all.validation.size() == divided.train.size() + divided.validation.size());
    CHECK(all.tokenizer == divided.tokenizer);
    CHECK(*all.validation_target_bytes == all.validation.size() - 1);
  }
  testing::check_error(Exit::kUsage, {"--whole", "stories"}, [&] { whole("stories"); });
  testing::check_error(Exit::kUsage, {"--whole"}, [&] { whole(dir.path().string()); });
}
