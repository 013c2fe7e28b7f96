// Encoding and decoding: there and back, and what happens to text that does not fit.
// Vocabularies of files are tested with the corpus.
#include "qkvbench/data/tokenizer.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "support/catch.hpp"

using namespace qkvbench;
using namespace qkvbench::data;

namespace {

std::string message_of(const Tokenizer& tokenizer, const std::string& text) {
  try {
    tokenizer.encode(text);
  } catch (const Error& error) {
    CHECK(error.status() == Exit::kUsage);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every Unicode scalar value survives UTF-8") {
  for (char32_t c = 0; c < 0x110000; ++c) {
    const std::string text = formats::utf8(c);
    const formats::CodePoint back = formats::code_point_at(text, 0);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    if (surrogate ? back.bytes != 0 : back.value != c || back.bytes != text.size()) FAIL("U+" << std::hex << +c);
  }
}

TEST_CASE("what is not UTF-8 begins no character") {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xE2\x82",
        "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE"})
    CHECK(formats::code_point_at(text, 0).bytes == 0);
}

TEST_CASE("decode undoes encode") {
  SECTION("bytes") {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    CHECK(Tokenizer::bytes().decode(Tokenizer::bytes().encode(all)) == all);
  }
  SECTION("characters") {
    const auto t = Tokenizer::characters({"\n", " ", "a", "b", "é", "漢", "😀"});
    const std::string text = "ab 漢\né😀a";
    CHECK(t.encode(text) == std::vector<std::int32_t>{2, 3, 1, 5, 0, 4, 6, 2});
    CHECK(t.decode(t.encode(text)) == text);
  }
  SECTION("words, in whatever way a person types them") {
    const auto t = Tokenizer::words({"\n", ",", ".", "fox", "now", "the"});
    const std::string text = "now , the fox .\nthe fox";
    CHECK(t.encode(text) == std::vector<std::int32_t>{4, 1, 5, 3, 2, 0, 5, 3});
    CHECK(t.decode(t.encode(text)) == text);
    CHECK(t.encode("  now, the\tfox. \nthe fox ") == t.encode(text));
  }
  SECTION("ids") {
    const auto t = Tokenizer::ids(50257);
    CHECK(t.encode("464 3290\n 11") == std::vector<std::int32_t>{464, 3290, 11});
    CHECK(t.decode(t.encode("464 3290 50256")) == "464 3290 50256");
  }
  CHECK(Tokenizer::bytes().encode("").empty());
}

TEST_CASE("text outside the vocabulary is one line that names the piece and its byte") {
  using Catch::Matchers::StartsWith;
  const auto characters = Tokenizer::characters({"a", "b"});
  CHECK_THAT(message_of(characters, "ab漢"), StartsWith("text: '漢' at byte 2"));
  CHECK_THAT(message_of(characters, "a\xFF"), StartsWith("text: '\\xff' at byte 1"));
  CHECK_THAT(message_of(characters, "a\n"), StartsWith("text: '\\n' at byte 1"));
  const auto words = Tokenizer::words({"fox", "once"});
  CHECK_THAT(message_of(words, "Once fox"), StartsWith("text: 'Once' at byte 0"));
  CHECK(message_of(words, "Once").find("did you mean 'once'?") != std::string::npos);
  const auto ids = Tokenizer::ids(100);
  for (const char* text : {"100", "-1", "1x", "fox", "99999999999999999999"})
    CHECK_THAT(message_of(ids, text), StartsWith("text: '" + std::string(text) + "' at byte 0"));
  CHECK_THROWS_AS(ids.decode(std::vector<std::int32_t>{100}), Error);
}

TEST_CASE("a vocabulary from a file must be sorted, distinct and of single characters") {
  CHECK_THROWS_AS(Tokenizer::characters({}), Error);
  CHECK_THROWS_AS(Tokenizer::characters({"b", "a"}), Error);
  CHECK_THROWS_AS(Tokenizer::characters({"a", "a"}), Error);
  CHECK_THROWS_AS(Tokenizer::characters({"a", "bc"}), Error);
  CHECK_THROWS_AS(Tokenizer::characters({"", "a"}), Error);
  CHECK_THROWS_AS(Tokenizer::characters({"\xFF"}), Error);
  CHECK_THROWS_AS(Tokenizer::words({"fox", "fox"}), Error);
}

TEST_CASE("what a vocabulary lacks is named once each, with its first place") {
  const Tokenizer letters = Tokenizer::characters({"a", "b"}), words = Tokenizer::words({"\n", "cat", "the"});
  CHECK(letters.lacking("abba").empty());
  CHECK(letters.lacking("abxxyx") == "'x' at byte 2, 'y' at byte 4");
  CHECK(letters.lacking("12345") == "'1' at byte 0, '2' at byte 1, '3' at byte 2 and 2 others");
  CHECK(letters.lacking("a\n\xFF") == "'\\n' at byte 1, '\\xff' at byte 2");
  CHECK(words.lacking("the cat\n").empty());
  CHECK(words.lacking("the dog") == "'dog' at byte 4");
  CHECK(Tokenizer::bytes().lacking("\xFF").empty());
}

TEST_CASE("what messages quote is whole UTF-8 and can be printed") {
  CHECK(formats::printable("abc é 漢 😀") == "abc é 漢 😀");
  CHECK(formats::printable("a\nb\tc\x1b[m\x7f") == "a\\nb\\x09c\\x1b[m\\x7f");
  CHECK(formats::printable("\xff"
                           "1\xe6\xbc") == "\\xff1\\xe6\\xbc");
  CHECK(formats::printable("\xc2\x85") == "\\xc2\\x85");  // a control character of two bytes
  CHECK(formats::quoted("12") == "'12'");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "漢";
  CHECK(formats::quoted(many) == "'漢漢漢漢漢漢漢漢漢漢 … 漢漢漢漢漢漢漢漢漢漢'");
  CHECK(formats::quoted("x" + many) == "'x漢漢漢漢漢漢漢漢漢 … 漢漢漢漢漢漢漢漢漢漢'");
}
