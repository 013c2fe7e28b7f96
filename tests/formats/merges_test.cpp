// The three spellings of a list of merges, and files that are none.
// What tokens come out is byte_pairs_test's affair.
#include "qkvbench/formats/merges.hpp"

#include "qkvbench/formats/json.hpp"
#include "support/gpt2_tokens.hpp"
#include "support/messages.hpp"

namespace qkvbench::formats {

using testing::check_error;

namespace {

/// What Hugging Face's tokenizers write for these merges.
nlohmann::json tokenizer_json(const Merges& merges) {
  nlohmann::json vocabulary = nlohmann::json::object();
  for (int rank = 0; rank < 256; ++rank) {
    const auto names = merge_lines({{byte_of_rank(rank), "x"}});
    vocabulary[names[0].substr(0, names[0].size() - 2)] = rank;
  }
  int id = 256;
  for (const std::string& line : merge_lines(merges)) {
    const std::size_t space = line.find(' ');
    vocabulary[line.substr(0, space) + line.substr(space + 1)] = id++;
  }
  return {{"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", merge_lines(merges)}}}};
}

const Merges kSome{{" ", "t"}, {"h", "e"}, {"#", "#"}, {" t", "he"}, {"\xC3", "\xA9"}};

}  // namespace

TEST_CASE("merges are read from vocab.bpe, merges.txt and tokenizer.json alike", "[formats]") {
  const std::string lines = "Ġ t\nh e\n# #\nĠt he\nÃ ©\n";
  CHECK(parse_merges("#version: 0.2\n" + lines, "f") == kSome);
  CHECK(parse_merges(lines, "f") == kSome);
  CHECK(parse_merges("#version: 0.2\r\nĠ t\r\nh e\r\n# #\r\nĠt he\r\nÃ ©", "f") == kSome);
  nlohmann::json json = tokenizer_json(kSome);
  CHECK(parse_merges(json.dump(), "f") == kSome);
  for (auto& merge : json["model"]["merges"]) {  // as newer versions write them
    const std::string line = merge;
    merge = {line.substr(0, line.find(' ')), line.substr(line.find(' ') + 1)};
  }
  CHECK(parse_merges(json.dump(2), "f") == kSome);
  CHECK(merge_lines(kSome) == std::vector<std::string>{"Ġ t", "h e", "# #", "Ġt he", "Ã ©"});
}

TEST_CASE("what is no list of merges is refused, with its line", "[formats]") {
  const auto refused = [](const std::string& text, std::initializer_list<std::string> parts) {
    check_error(Exit::kInput, parts, [&] { parse_merges(text, "f"); });
  };
  refused("", {"f: ", "no merges"});
  refused("#version: 0.2\n", {"f: ", "no merges"});
  refused("a b\nab\n", {"f: line 2", "'ab'", "two tokens"});
  refused("a b c\n", {"f: line 1", "two tokens"});
  refused("a b\n\nc d\n", {"f: line 2"});
  refused("a \n", {"f: line 1"});
  refused("a \xFF\n", {"f: line 1", "stands for no byte"});
  refused("漢 a\n", {"f: line 1", "stands for no byte"});
}

TEST_CASE("a tokenizer.json that is no GPT-2's is refused", "[formats]") {
  const auto refused = [](const char* pointer, const nlohmann::json& value, std::initializer_list<std::string> parts) {
    nlohmann::json json = tokenizer_json(kSome);
    json[nlohmann::json::json_pointer(pointer)] = value;
    check_error(Exit::kInput, parts, [&] { parse_merges(json.dump(), "f"); });
  };
  refused("/model/type", "Unigram", {"f: model", "Unigram"});
  refused("/normalizer", {{"type", "NFC"}}, {"f: normalizer"});
  refused("/pre_tokenizer", {{"type", "Whitespace"}}, {"f: pre_tokenizer"});
  refused("/pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", true}}, {"f: pre_tokenizer"});
  refused("/model/vocab/he", 300, {"f: vocab", "'he' is not token 257"});
  refused("/model/merges", 7, {"f: "});
  refused("/model/merges/0", 7, {"f: "});
}

}  // namespace qkvbench::formats
