// Byte-pair encoding against what OpenAI's encoder.py and tiktoken say of the same texts
// (fixtures/gpt2-bpe/cases.json). Files of merges are in merges_test.
#include "qkvbench/data/byte_pairs.hpp"

#include "qkvbench/base/files.hpp"
#include "qkvbench/data/corpus.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/record.hpp"
#include "support/gpt2_tokens.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::data {

using test::gpt2_tokenizer;
using testing::check_error;
using Ids = std::vector<std::int32_t>;

namespace {

nlohmann::json cases() { return nlohmann::json::parse(read_file(test::kGpt2Tokens + "cases.json")); }

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace

TEST_CASE("GPT-2's tokens are those of the original encoder", "[data]") {
  const nlohmann::json all = cases();
  CHECK(gpt2_tokenizer().vocab() == all["n_vocab"]);
  CHECK(gpt2_tokenizer().end_of_text() == all["end_of_text"].get<std::int32_t>());
  REQUIRE(all["encode"].size() == 45);
  for (const auto& one : all["encode"]) {
    INFO(one["name"]);
    const std::string text = from_hex(one["utf8_hex"]);
    CHECK(gpt2_tokenizer().encode(text) == one["ids"].get<Ids>());
    CHECK(gpt2_tokenizer().decode(one["ids"].get<Ids>()) == text);
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size(); at += pieces.back().size())
      pieces.push_back(text.substr(at, piece_at(text, at)));
    CHECK(pieces == one["pieces"].get<std::vector<std::string>>());
  }
  REQUIRE(all["decode"].size() == 19);
  for (const auto& one : all["decode"])
    CHECK(gpt2_tokenizer().decode(one["ids"].get<Ids>()) == from_hex(one["bytes_hex"]));
}

TEST_CASE("any bytes survive byte-pair encoding, characters or not", "[data]") {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  all += "a\xC3 \xE2\x82 é 漢\xFF\xFE";
  CHECK(gpt2_tokenizer().decode(gpt2_tokenizer().encode(all)) == all);
  CHECK(gpt2_tokenizer().lacking(all).empty());
}

TEST_CASE("a piece of a megabyte is encoded in no more than a moment", "[data]") {
  // Quadratic time would be an hour.
  constexpr std::size_t n = std::size_t{1} << 20;
  for (const std::string unit : {"a", " ", "ab", "=", "\n"}) {
    std::string text;
    while (text.size() < n) text += unit;
    const Ids ids = gpt2_tokenizer().encode(text);
    CHECK(ids.size() <= text.size());
    CHECK(gpt2_tokenizer().decode(ids) == text);
  }
}

TEST_CASE("merges that make no vocabulary are refused", "[data]") {
  check_error(Exit::kInput, {"merge 0", "'ab'", "no token yet"}, [] { BytePairs(formats::Merges{{"ab", "c"}}); });
  check_error(Exit::kInput, {"merge 1", "the same token"}, [] { BytePairs(formats::Merges{{"a", "b"}, {"a", "b"}}); });
  check_error(Exit::kInput, {"merge 3", "the same token"}, [] {
    BytePairs({{"a", "b"}, {"b", "c"}, {"ab", "c"}, {"a", "bc"}});
  });
  const BytePairs none(formats::Merges{});
  CHECK(none.vocab() == 257);
  CHECK(none.encode("ab") == Ids{64, 65});
}

TEST_CASE("a byte-pair tokenizer comes back from a model file's words", "[data]") {
  const auto small = Tokenizer::byte_pairs(formats::Merges{{"h", "e"}, {" ", "t"}, {" t", "he"}});
  const auto json = nlohmann::json::parse(run::tokenizer_json(small).dump());
  CHECK(run::tokenizer_from_json(json, "f") == small);
  CHECK(!(small == gpt2_tokenizer()));
  CHECK(small.decode(small.encode("in the end")) == "in the end");
  CHECK_THROWS_AS(run::tokenizer_from_json({{"kind", "byte_pairs"}, {"merges", {"a"}}}, "f"), Error);
}

TEST_CASE("a text in byte-pair tokens is divided by characters, then encoded", "[data]") {
  const test::TemporaryDirectory dir;
  const std::string vocabulary = dir.write("vocab.bpe", test::gpt2_merges_file());
  const std::string text = "First Citizen: before we proceed, é hear me speak.\nAll: speak, speak",
                    path = dir.write("a.txt", text);
  const Corpus corpus = load_corpus("bpe:" + vocabulary + ":" + path);
  const std::size_t cut = 62;  // bytes of the first 61 of 68 characters
  const auto ids = [](const std::vector<std::uint16_t>& tokens) { return Ids(tokens.begin(), tokens.end()); };
  const std::string train = gpt2_tokenizer().decode(ids(corpus.train));
  CHECK(train == text.substr(0, cut));
  CHECK(ids(corpus.train) == gpt2_tokenizer().encode(train));
  CHECK(ids(corpus.validation) == gpt2_tokenizer().encode(text.substr(cut)));
  CHECK(corpus.name == "a.txt");
  CHECK(*corpus.validation_target_bytes ==
        text.size() - cut - gpt2_tokenizer().decode({ids(corpus.validation).data(), 1}).size());
  REQUIRE(corpus.files.size() == 2);
  CHECK(corpus.files[1].path == vocabulary);

  // A model's own tokens, and a model that knows only ids of them.
  CHECK(load_corpus(path, {.tokenizer = gpt2_tokenizer()}).train == corpus.train);
  CHECK(load_corpus("bpe:" + path, {.tokenizer = gpt2_tokenizer()}).train == corpus.train);
  CHECK(load_corpus("bpe:" + vocabulary + ":" + path, {.tokenizer = Tokenizer::ids(50304)}).train == corpus.train);
  const auto refused = [&](const std::string& spec, std::optional<Tokenizer> own,
                           std::initializer_list<std::string> parts) {
    check_error(Exit::kInput, parts, [&] { load_corpus(spec, {.tokenizer = std::move(own)}); });
  };
  refused("bpe:" + vocabulary + ":" + path, Tokenizer::ids(50256), {"50257 tokens", "50256"});
  refused("bpe:" + path, Tokenizer::bytes(), {"not trained on byte-pair tokens"});
  refused("bpe:" + dir.path("none"), std::nullopt, {"there is no such file"});
  refused("bpe:" + vocabulary + ":" + dir.write("empty", ""), std::nullopt, {"it is empty"});
  refused("bpe:" + path + ":" + path, std::nullopt, {"a.txt: line 1"});
}

}  // namespace qkvbench::data
