// The grammar on languages so small that entropy and probabilities are known by hand.
// The stories have their own test.
#include "qkvbench/data/grammar.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "qkvbench/base/error.hpp"
#include "support/catch.hpp"

using namespace qkvbench;
using namespace qkvbench::data;

namespace {

using Rules = std::vector<GrammarRule>;

Grammar make(const Rules& rules) {
  static const std::vector<WordClass> classes{
      {"letter", {"a", "b", "c", "d"}}, {"name", {"A", "B", "C"}}, {"harmonic", {"x", "y"}, 1}};  // 2/3 and 1/3
  static const std::vector<WordSlot> slots{{"first", "name"}, {"second", "name"}};
  static const std::vector<std::string> none;
  return {classes, slots, rules, none};
}

void check_expectation(const Rules& rules, double nats, double tokens) {
  const auto e = make(rules).expectation();
  CAPTURE(e.nats, e.tokens, nats, tokens);
  CHECK(std::abs(e.nats - nats) <= 1e-12);
  CHECK(std::abs(e.tokens - tokens) <= 1e-12);
}

}  // namespace

TEST_CASE("entropies of small grammars are those computed by hand") {
  constexpr double ln2 = std::numbers::ln2;
  const double ln3 = std::log(3.0);
  SECTION("one text") { check_expectation({{"s", 1, "u v w"}}, 0, 3); }
  SECTION("one choice") { check_expectation({{"s", 0.25, "u"}, {"s", 0.75, "v w"}}, 2 * ln2 - 0.75 * ln3, 1.75); }
  SECTION("a uniform class") { check_expectation({{"s", 1, "[letter] [letter]"}}, 4 * ln2, 2); }
  SECTION("a class by ranks") { check_expectation({{"s", 1, "[harmonic]"}}, ln3 - 2. / 3 * ln2, 1); }
  SECTION("recursion: a geometric number of u") {
    check_expectation({{"s", 0.5, "u <s>"}, {"s", 0.5, "v"}}, 2 * ln2, 2);
  }
  SECTION("recursion on both sides") {  // L = 1 + 2/4 · L
    check_expectation({{"s", 0.25, "u <s> <s>"}, {"s", 0.75, "v"}}, 2 * (2 * ln2 - 0.75 * ln3), 2);
  }
  SECTION("memory: the second name is another one, saying a name again is no choice") {
    check_expectation({{"s", 1, "+first +second =first =second"}}, ln3 + ln2, 4);
  }
  SECTION("# stands for both numbers") {
    check_expectation({{"s", 0.5, "<n_s>"}, {"s", 0.5, "<n_p>"}, {"n_#", 1, "word_# verb_#"}}, ln2, 2);
  }
}

TEST_CASE("a choice is paid for at the token that tells it") {
  const Grammar g =
      make({{"s", 0.25, "u <t>"}, {"s", 0.75, "[letter]"}, {"t", 0.5, "<deep> v"}, {"t", 0.5, "w"}, {"deep", 1, "x"}});
  const auto id = [&](const std::string& word) {
    const auto& v = g.vocabulary();
    return static_cast<std::uint16_t>(std::find(v.begin(), v.end(), word) - v.begin());
  };
  const std::vector<std::uint16_t> text{id("u"), id("x"), id("v"), id("c"), id("u")};
  const std::vector<double> expected{std::log(0.25), std::log(0.5), 0, std::log(0.75 / 4), std::log(0.25)};
  const std::vector<double> found = g.log_probs(text);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) <= 1e-15);

  CHECK_THROWS_AS(g.log_probs(std::vector<std::uint16_t>{id("u"), id("v")}), Error);
  CHECK_THROWS_AS(g.log_probs(std::vector<std::uint16_t>{id("v")}), Error);
  CHECK_THROWS_AS(g.log_probs(std::vector<std::uint16_t>{60000}), Error);
}

TEST_CASE("a grammar that one token does not decide is refused, and so are other mistakes in its rows") {
  CHECK_THROWS_AS(make({{"s", 0.5, "u v"}, {"s", 0.5, "u w"}}), Error);
  CHECK_THROWS_AS(make({{"s", 0.5, "a"}, {"s", 0.5, "[letter]"}}), Error);
  CHECK_THROWS_AS(make({{"s", 0.5, "<t>"}, {"s", 0.5, "u"}, {"t", 1, "u v"}}), Error);
  CHECK_THROWS_AS(make({{"s", 1, "+first <t>"}, {"t", 0.5, "=first"}, {"t", 0.5, "[name]"}}), Error);
  CHECK_THROWS_AS(make({{"s", 1, "<s> u"}}), Error);
  CHECK_THROWS_AS(make({{"s", 0.5, "u"}, {"s", 0.4, "v"}}), Error);
  CHECK_THROWS_AS(make({{"s", 1, "<t>"}}), Error);
  CHECK_THROWS_AS(make({{"s", 1, "[word]"}}), Error);
  CHECK_THROWS_AS(make({{"s", 1, ""}}), Error);
  CHECK_THROWS_AS(make({{"s", 0.5, "u <s> <s>"}, {"s", 0.5, "v"}}).expectation(), Error);  // never ends
  CHECK_NOTHROW(make({{"s", 1, "+first +second <t>"}, {"t", 0.5, "=first"}, {"t", 0.5, "=second"}}));
}

TEST_CASE("a refused sentence is drawn again, memory and all") {
  const std::vector<WordClass> classes{{"name", {"A", "B", "C"}}};
  const std::vector<WordSlot> slots{{"hero", "name"}};
  const std::vector<GrammarRule> rules{{"s", 1, "<intro> =hero"}, {"intro", 1, "+hero ."}};
  const std::vector<std::string> sentences{"intro"};
  const Grammar g(classes, slots, rules, sentences);
  const RandomStream random(1, Purpose::kTrain);
  WrittenText out;
  for (std::uint64_t i = 0; i < 50; ++i)
    g.write(
        random, i, [&](auto tokens) { return g.vocabulary()[tokens[0]] == "B"; }, out);
  REQUIRE(out.tokens.size() == 150);
  for (std::size_t i = 0; i < 150; i += 3) {
    CHECK(g.vocabulary()[out.tokens[i]] == "B");
    CHECK(out.tokens[i + 2] == out.tokens[i]);
  }
  CHECK(out.sentences.size() == 50);
  CHECK(std::abs(out.sentences[7].log_prob + std::log(3.0)) <= 1e-12);
}
