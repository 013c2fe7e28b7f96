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

TEST_CASE("unknown_name offers the nearest and lists all", "[base]") {
  CHECK(unknown_name("variant", "qk-vv", Strings{"q_k_v", "qk_v"}) ==
        "unknown variant 'qk-vv': did you mean 'qk_v'? Known: q_k_v, qk_v");
  CHECK(unknown_name("task", "x", Strings{}) == "unknown task 'x'");
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

}  // namespace qkvbench::testing
