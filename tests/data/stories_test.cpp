// The stories: what they promise about agreement and names, and that the floor is a floor.
// Agreement is checked by a reader written here, which knows words but not the grammar.
#include "qkvbench/data/stories.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/corpus.hpp"
#include "support/catch.hpp"

using namespace qkvbench;
using namespace qkvbench::data;

namespace {

using Words = std::vector<std::string>;

std::vector<Words> stories_of(const WrittenText& text) {
  std::vector<Words> out(1);
  for (const std::uint16_t token : text.tokens) {
    const std::string& word = story_grammar().vocabulary()[token];
    if (word == "\n") {
      out.emplace_back();
    } else {
      out.back().push_back(word);
    }
  }
  out.pop_back();
  return out;
}

const std::set<std::string> kPlural{"foxes",   "dogs",   "cats",     "crows", "goats", "kings",  "queens",  "farmers",
                                    "sailors", "bakers", "children", "mice",  "geese", "wolves", "witches", "giants"};
const std::set<std::string> kSingular{"fox",    "dog",   "cat",   "crow",  "goat",  "king", "queen", "farmer",
                                      "sailor", "baker", "child", "mouse", "goose", "wolf", "witch", "giant"};
const std::set<std::string> kPluralVerb{"see",   "hear",  "watch", "follow", "help", "like",  "fear",   "find",
                                        "greet", "chase", "teach", "trust",  "call", "visit", "admire", "remember"};
const std::set<std::string> kSingularVerb{"sees",  "hears",  "watches", "follows",  "helps",   "likes",
                                          "fears", "finds",  "greets",  "chases",   "teaches", "trusts",
                                          "calls", "visits", "admires", "remembers"};
const std::set<std::string> kPreposition{"near", "behind", "beside", "opposite", "with", "without"};

bool is_name(const std::string& word) { return std::isupper(static_cast<unsigned char>(word[0])) != 0; }

/// Reads clauses; counts the verbs that it has compared with their subjects, and how many of them stood after a noun of
/// the other number.
struct Reader {
  const Words& words;
  std::size_t at;
  int verbs = 0, lured = 0;

  bool noun_here() const { return kSingular.count(words[at]) + kPlural.count(words[at]) > 0; }
  bool verb_here() const { return kSingularVerb.count(words[at]) + kPluralVerb.count(words[at]) > 0; }

  /// Skips to the noun of a phrase and says whether it is plural.
  bool noun() {
    while (!noun_here() && !is_name(words[at])) ++at;
    return kPlural.count(words[at++]) > 0;
  }

  void verb(bool plural, bool last_noun_plural) {
    REQUIRE(verb_here());
    REQUIRE(kPluralVerb.count(words[at]) == (plural ? 1 : 0));
    ++verbs;
    if (last_noun_plural != plural) ++lured;
    ++at;
  }

  /// From the first word of the subject to behind the main verb.
  void clause() {
    const std::string determiner = words[at];
    const bool plural = noun();
    if (determiner == "every") REQUIRE(!plural);
    if (determiner == "many") REQUIRE(plural);
    bool last = plural;
    while (!verb_here()) {
      if (kPreposition.count(words[at])) {
        last = noun();
      } else {
        REQUIRE(words[at] == "who");
        ++at;
        if (verb_here()) {
          verb(plural, plural);
          last = noun();
        } else {
          last = noun();
          verb(last, last);
        }
      }
    }
    verb(plural, last);
  }
};

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

double standard_error(const std::vector<double>& x) {
  double sum = 0;
  const double m = mean(x), n = static_cast<double>(x.size());
  for (const double v : x) sum += (v - m) * (v - m);
  return std::sqrt(sum / (n - 1) / n);
}

const WrittenText& train() {
  static const WrittenText text = write_stories(Split::kTrain, 1, 300'000);
  return text;
}
const WrittenText& validation() {
  static const WrittenText text = write_stories(Split::kValidation, 1, 60'000);
  return text;
}

}  // namespace

TEST_CASE("in every story verbs agree with their subjects across what stands between") {
  int verbs = 0, lured = 0;
  for (const WrittenText* text : {&train(), &validation()})
    for (const Words& story : stories_of(*text))
      for (std::size_t i = 0; i < story.size(); ++i)
        if (story[i] == "because" || (story[i] == "," && i > 0)) {
          Reader reader{story, i + 1};
          reader.clause();
          verbs += reader.verbs;
          lured += reader.lured;
        }
  CHECK(verbs > 10'000);
  CHECK(lured > 1'000);
}

TEST_CASE("the kinds of targets are the verbs and the names of the stories, and no word is both") {
  const std::vector<std::string>& words = data::story_grammar().vocabulary();
  const auto kinds = data::story_kinds(words);
  REQUIRE(kinds.size() == 2);
  CHECK((kinds[0].name == "agreement" && kinds[1].name == "names"));
  const auto id = [&](const std::string& word) {
    return static_cast<std::size_t>(std::find(words.begin(), words.end(), word) - words.begin());
  };
  for (const auto& [word, kind] :
       {std::pair{"sees", 0}, {"remember", 0}, {"Ada", 1}, {"Zeno", 1}, {"fox", -1}, {"\n", -1}})
    for (int k = 0; k < 2; ++k) CHECK(kinds[static_cast<std::size_t>(k)].tokens.at(id(word)) == (k == kind));
  CHECK(std::count(kinds[0].tokens.begin(), kinds[0].tokens.end(), true) == 32);
  CHECK(std::count(kinds[1].tokens.begin(), kinds[1].tokens.end(), true) == 24);
}

TEST_CASE("in every story the names and things of the opening come back at the end") {
  for (const WrittenText* text : {&train(), &validation()})
    for (const Words& story : stories_of(*text)) {
      const auto after = [&](const std::string& word, std::size_t from, std::size_t skip) {
        const auto found = std::find(story.begin() + static_cast<std::ptrdiff_t>(from), story.end(), word);
        REQUIRE(found != story.end());
        return static_cast<std::size_t>(found - story.begin()) + skip;
      };
      const std::size_t hero = after("named", 0, 1), friend_ = after("named", hero, 1),
                        place = after("near", friend_, 2), gift = after("gave", place, 1);
      REQUIRE(story[hero] != story[friend_]);
      REQUIRE(story[gift] == story[friend_]);
      const std::size_t end = after("finally", gift, 0);
      const Words expected{"finally", story[friend_], "gave",      "the",  story[gift + 2], story[gift + 3],
                           "back",    "to",           story[hero], "near", "the",           story[place]};
      REQUIRE(std::equal(expected.begin(), expected.end(), story.begin() + static_cast<std::ptrdiff_t>(end)));
      for (const std::string& word : story)
        if (is_name(word)) REQUIRE((word == story[hero] || word == story[friend_]));
    }
}

TEST_CASE("the exact entropy and length are those of samples") {
  const auto exact = story_grammar().expectation();
  std::vector<double> nats, tokens;
  const RandomStream random(9, Purpose::kSample);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    WrittenText story;
    story_grammar().write(
        random, i, [](auto) { return true; }, story);
    double sum = 0;
    for (const float x : story.log_probs) sum -= static_cast<double>(x);
    nats.push_back(sum);
    tokens.push_back(static_cast<double>(story.tokens.size()));
  }
  CAPTURE(exact.nats, mean(nats), standard_error(nats), exact.tokens, mean(tokens), standard_error(tokens));
  CHECK(std::abs(mean(nats) - exact.nats) <= 4 * standard_error(nats));
  CHECK(std::abs(mean(tokens) - exact.tokens) <= 4 * standard_error(tokens));
}

TEST_CASE("the entropy rate is the one that the rows give") {
  // Results state it; a change of a row must be a decision.
  CHECK(story_grammar().vocabulary().size() == 165);
  CHECK(std::abs(story_grammar().expectation().nats - 77.473591060) <= 1e-8);
  CHECK(std::abs(story_grammar().expectation().tokens - 61.775) <= 1e-10);
}

TEST_CASE("the probabilities of the next token sum to 1 and are found from the text alone") {
  const WrittenText& text = validation();
  const auto scored = story_grammar().log_probs(text.tokens);
  REQUIRE(scored.size() == text.log_probs.size());
  for (std::size_t i = 0; i < scored.size(); ++i)
    REQUIRE(std::abs(scored[i] - static_cast<double>(text.log_probs[i])) <= 1e-6);

  const std::size_t V = story_grammar().vocabulary().size();
  for (std::size_t n = 0; n < 200; ++n) {
    double sum = 0;
    std::vector<std::uint16_t> prefix(text.tokens.begin(), text.tokens.begin() + static_cast<std::ptrdiff_t>(n));
    prefix.push_back(0);
    for (std::size_t v = 0; v < V; ++v) {
      prefix.back() = static_cast<std::uint16_t>(v);
      try {
        sum += std::exp(story_grammar().log_probs(prefix).back());
      } catch (const Error&) {  // cannot stand here
      }
    }
    CAPTURE(n, sum);
    REQUIRE(std::abs(sum - 1) <= 1e-12);
  }
}

TEST_CASE("no sentence stands in both splits, and no story") {
  const auto sentences_of = [](const WrittenText& text) {
    std::set<std::vector<std::uint16_t>> out;
    std::size_t covered = 0;
    for (const Sentence& s : text.sentences) {
      const auto at = [&](std::size_t i) { return text.tokens.begin() + static_cast<std::ptrdiff_t>(i); };
      out.emplace(at(s.begin), at(s.end));
      covered += s.end - s.begin;
    }
    CHECK(covered + static_cast<std::size_t>(std::count(text.tokens.begin(), text.tokens.end(), 0)) ==
          text.tokens.size());
    return out;
  };
  const auto in_train = sentences_of(train()), in_validation = sentences_of(validation());
  CHECK(in_train.size() > 15'000);
  CHECK(std::none_of(in_validation.begin(), in_validation.end(), [&](const auto& s) { return in_train.count(s) > 0; }));
}

TEST_CASE("stories are a function of seed and split; more tokens continue the same text") {
  const auto more = write_stories(Split::kValidation, 1, 70'000);
  REQUIRE(more.tokens.size() > validation().tokens.size());
  CHECK(std::equal(validation().tokens.begin(), validation().tokens.end(), more.tokens.begin()));
  CHECK(write_stories(Split::kValidation, 2, 1000).tokens != write_stories(Split::kValidation, 1, 1000).tokens);
  CHECK(story_grammar().vocabulary()[more.tokens.back()] == "\n");
  CHECK_THROWS_AS(write_stories(Split::kTrain, 0, 0), Error);
  CHECK_THROWS_AS(write_stories(Split::kTrain, 0, index_t{1} << 40), Error);
}

TEST_CASE("the stories as a corpus: the floor is that of the targets that are scored") {
  const Corpus corpus = load_corpus("stories", {.stories = {1, 300'000, 60'000}});
  CHECK(corpus.train == train().tokens);
  CHECK(corpus.validation == validation().tokens);
  CHECK(corpus.vocab() == 165);
  REQUIRE(corpus.floor);
  CHECK(std::abs(corpus.floor->rate_nats - 1.254125311) <= 1e-8);
  CHECK(std::abs(corpus.floor->validation_nats - corpus.floor->rate_nats) <= 0.01);
  CHECK(corpus.floor->slack_nats > 0);
  CHECK(corpus.floor->slack_nats <= 1e-3);
  double sum = 0;
  for (std::size_t i = 1; i < corpus.validation.size(); ++i)
    sum -= static_cast<double>(corpus.floor->validation_log_probs[i]);
  CHECK(std::abs(sum / static_cast<double>(corpus.validation_targets()) - corpus.floor->validation_nats) <= 1e-9);

  const std::vector<std::int32_t> ids(corpus.validation.begin(), corpus.validation.end());
  const std::string text = corpus.tokenizer.decode(ids);
  CHECK(corpus.tokenizer.encode(text) == ids);
  CHECK(*corpus.validation_target_bytes == text.size() - 4);  // all but the first "once"
}

TEST_CASE("an n-gram model comes near the floor and does not go below it") {
  // Interpolated counts: p_n = (count + a · p_{n-1}) / (total + a), from the uniform distribution up.
  const std::size_t V = story_grammar().vocabulary().size();
  constexpr std::size_t kOrder = 5;
  std::array<std::map<std::vector<std::uint16_t>, std::map<std::uint16_t, double>>, kOrder> counts;
  const auto context = [](const std::vector<std::uint16_t>& text, std::size_t at, std::size_t n) {
    return std::vector<std::uint16_t>(text.begin() + static_cast<std::ptrdiff_t>(at - n),
                                      text.begin() + static_cast<std::ptrdiff_t>(at));
  };
  const auto& text = train().tokens;
  for (std::size_t at = kOrder; at < 150'000; ++at)
    for (std::size_t n = 0; n < kOrder; ++n) ++counts[n][context(text, at, n)][text[at]];

  const auto& scored = validation();
  std::array<double, kOrder> loss{};
  double floor = 0;
  for (std::size_t at = kOrder; at < scored.tokens.size(); ++at) {
    double p = 1.0 / static_cast<double>(V);
    floor -= static_cast<double>(scored.log_probs[at]);
    for (std::size_t n = 0; n < kOrder; ++n) {
      const auto found = counts[n].find(context(scored.tokens, at, n));
      if (found != counts[n].end()) {
        double total = 0;
        for (const auto& [token, count] : found->second) total += count;
        const auto hit = found->second.find(scored.tokens[at]);
        p = ((hit == found->second.end() ? 0 : hit->second) + 2 * p) / (total + 2);
      }
      loss[n] -= std::log(p);
    }
  }
  const auto targets = static_cast<double>(scored.tokens.size() - kOrder);
  CAPTURE(floor / targets, loss[0] / targets, loss[1] / targets, loss[2] / targets, loss[4] / targets);
  for (const double nats : loss) CHECK(nats > floor - story_floor_slack_nats(train(), scored) - 20);
  CHECK(loss[2] / targets < 2.0);  // a trigram model learns much
  CHECK(loss[2] < loss[1]);
  CHECK(loss[2] / targets > floor / targets + 0.2);  // but neither names nor agreement
}
