// Nearest names, lists and numbers for people.
// Whole messages are checked where they are thrown.
#include "qkvbench/base/text.hpp"

#include "support/catch.hpp"

namespace qkvbench::testing {

using Strings = std::vector<std::string>;

TEST_CASE("nearest finds the smallest edit distance, the first of equals, without case", "[base]") {
  const Strings names{"reverse", "sort", "sub", "swap"};
  CHECK(nearest("revrse", names) == "reverse");
  CHECK(nearest("SORT", names) == "sort");
  CHECK(nearest("su", names) == "sub");
  CHECK(nearest("swp", names) == "swap");
  CHECK(nearest("", Strings{"abc", "de", "fg"}) == "de");
  CHECK(nearest("x", Strings{}).empty());
}

TEST_CASE("a name that is like none of the others is not taken for one", "[base]") {
  for (const char* name : {"help", "x", "--plan", "version"})
    CHECK(unknown_name("command", name, Strings{"train", "sweep", "verify"}) ==
          "unknown command '" + std::string(name) + "'. Known: train, sweep, verify");
}

TEST_CASE("unknown_name offers the nearest and lists all", "[base]") {
  CHECK(unknown_name("variant", "qk-vv", Strings{"q_k_v", "qk_v"}) ==
        "unknown variant 'qk-vv': did you mean 'qk_v'? Known: q_k_v, qk_v");
  CHECK(unknown_name("task", "x", Strings{}) == "unknown task 'x'");
  CHECK(unknown_name("case", "encoder", Strings{"vit-mnist", "encoder-d32-l2-t16"}) ==
        "unknown case 'encoder': did you mean 'encoder-d32-l2-t16'? Known: vit-mnist, encoder-d32-l2-t16");
}

TEST_CASE("join and split", "[base]") {
  CHECK(join(Strings{}).empty());
  CHECK(join(Strings{"a"}) == "a");
  CHECK(join(Strings{"a", "b", "c"}) == "a, b, c");
  CHECK(join(Strings{"a", "b"}, "/") == "a/b");
  CHECK(split("", ',') == Strings{});
  CHECK(split("a", ',') == Strings{"a"});
  CHECK(split(" a, b ,,c ", ',') == Strings{"a", "b", "", "c"});
  CHECK(split(",", ',') == Strings{"", ""});
}

TEST_CASE("with_commas", "[base]") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(12345678) == "12,345,678");
  CHECK(with_commas(-999) == "−999");
  CHECK(with_commas(-1000) == "−1,000");
  CHECK(with_commas(305534976) == "305,534,976");
}

TEST_CASE("a text is shortened between characters", "[base]") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcd", 3) == "abc…");
  CHECK(shortened("aΣΣ", 4) == "aΣ…");
  CHECK(shortened("ΣΣ", 1) == "…");
}

TEST_CASE("numbers are decimal, finite and exactly bounded", "[base]") {
  for (const char* whole : {"0", "7", "-3", "9007199254740992"}) CHECK(number_fault(whole, -3, 0x1p53, true).empty());
  for (const char* text : {"", "-", "010", "0x10", "+7", " 7", "7 ", "1e3", "2.0", "７"})
    CHECK(number_fault(text, 0, 100, true).find("decimal digits") != std::string::npos);
  CHECK(number_fault("9007199254740993", 0, 0x1p53, true) ==
        "'9007199254740993' is not between 0 and 9007199254740992");
  CHECK(number_fault("99999999999999999999999", 0, 100, true) == "'99999999999999999999999' is not between 0 and 100");
  for (const char* number : {"0.5", ".5", "5e-1", "+0.5", "0"}) CHECK(number_fault(number, 0, 1, false).empty());
  for (const char* text : {"", "nan", "-NAN", "inf", "infinity", "0x1", "1e", "1 ", " 1", "1,5", "1e999"})
    CHECK(number_fault(text, -1e300, 1e300, false).find("is no number") != std::string::npos);
  CHECK(number_fault("-1", 0, 1e308 * 10, false) == "'-1' is not at least 0");
}

}  // namespace qkvbench::testing
