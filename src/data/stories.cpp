// The tables of the language, and the division of its sentences into two halves.
// To change the language change the rows; the entropy follows.
#include "qkvbench/data/stories.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <unordered_set>

#include "qkvbench/base/error.hpp"

namespace qkvbench::data {

namespace {

const std::vector<WordClass>& classes() {
  static const std::vector<WordClass> rows{
      {"name", {"Ada",  "Ben",  "Cleo", "Dora", "Emil", "Finn", "Greta", "Hugo", "Iris", "Jonas", "Kira", "Leo",
                "Mira", "Nils", "Olga", "Paul", "Rosa", "Sven", "Tara",  "Ulla", "Vera", "Wim",   "Yara", "Zeno"}},
      {"place",
       {"river", "forest", "market", "castle", "bridge", "garden", "harbour", "mill", "tower", "village", "meadow",
        "cave"}},
      {"thing",
       {"lantern", "key", "drum", "kettle", "book", "ring", "flute", "map", "basket", "candle", "coin", "scarf"}},
      {"colour", {"red", "blue", "green", "yellow", "white", "black", "silver", "golden"}},
      {"adjective",
       {"wise", "young", "clever", "gentle", "proud", "shy", "hungry", "sleepy", "brave", "quiet", "lazy", "merry",
        "tired", "curious", "small", "tall"},
       6},
      {"noun_s",
       {"fox", "dog", "cat", "crow", "goat", "king", "queen", "farmer", "sailor", "baker", "child", "mouse", "goose",
        "wolf", "witch", "giant"},
       6},
      {"noun_p",
       {"foxes", "dogs", "cats", "crows", "goats", "kings", "queens", "farmers", "sailors", "bakers", "children",
        "mice", "geese", "wolves", "witches", "giants"},
       6},
      {"verb_s",
       {"sees", "hears", "watches", "follows", "helps", "likes", "fears", "finds", "greets", "chases", "teaches",
        "trusts", "calls", "visits", "admires", "remembers"},
       6},
      {"verb_p",
       {"see", "hear", "watch", "follow", "help", "like", "fear", "find", "greet", "chase", "teach", "trust", "call",
        "visit", "admire", "remember"},
       6},
      {"preposition", {"near", "behind", "beside", "opposite", "with", "without"}},
      {"when", {"today", "now", "often", "sometimes", "usually", "again"}},
  };
  return rows;
}

const std::vector<WordSlot>& slots() {
  static const std::vector<WordSlot> rows{
      {"hero", "name"}, {"friend", "name"}, {"place", "place"}, {"colour", "colour"}, {"thing", "thing"}};
  return rows;
}

// The kinds of sentence that are kept apart. Each is rich enough that a text of a million tokens holds only a
// negligible part of its probability; story_floor_slack_nats() says how much.
const std::vector<std::string>& sentence_symbols() {
  static const std::vector<std::string> rows{"opening", "scene", "ending"};
  return rows;
}

const std::vector<GrammarRule>& rules() {
  static const std::vector<GrammarRule> rows{
      {"story", 1, "<opening> <scene> <more>"},
      {"more", 0.2, "<scene> <more>"},
      {"more", 0.8, "<ending> \n"},
      {"opening", 1,
       "once a <one> named +hero met a <one> named +friend near the +place and gave =friend a +colour +thing ."},
      {"scene", 1, "[when] , <clause>"},
      {"ending", 1, "finally =friend gave the =colour =thing back to =hero near the =place because <clause>"},
      {"one", 0.6, "[adjective] [noun_s]"},
      {"one", 0.4, "[noun_s]"},
      // A clause: its subject and its verb agree, whatever stands between them.
      {"clause", 0.5, "the <subject>"},
      {"clause", 0.2, "every <subject_s>"},
      {"clause", 0.2, "many <subject_p>"},
      {"clause", 0.1, "<person> <predicate_s>"},
      {"subject", 0.5, "[adjective] <head>"},
      {"subject", 0.5, "<head>"},
      {"head", 0.5, "[noun_s] <predicate_s>"},
      {"head", 0.5, "[noun_p] <predicate_p>"},
      {"subject_#", 0.5, "[adjective] [noun_#] <predicate_#>"},
      {"subject_#", 0.5, "[noun_#] <predicate_#>"},
      {"predicate_#", 0.56, "[verb_#] <object> <tail>"},
      {"predicate_#", 0.22, "[preposition] the <noun> <predicate_#>"},
      {"predicate_#", 0.22, "who <relative_#> <predicate_#>"},
      {"relative_#", 0.5, "[verb_#] the <noun>"},
      {"relative_#", 0.5, "the <embedded>"},
      {"embedded", 0.5, "[noun_s] [verb_s]"},
      {"embedded", 0.5, "[noun_p] [verb_p]"},
      {"object", 0.6, "the <described>"},
      {"object", 0.2, "many [noun_p]"},
      {"object", 0.2, "<person>"},
      {"described", 0.5, "[adjective] <noun>"},
      {"described", 0.5, "<noun>"},
      {"noun", 0.5, "[noun_s]"},
      {"noun", 0.5, "[noun_p]"},
      {"person", 0.5, "=hero"},
      {"person", 0.5, "=friend"},
      {"tail", 0.5, "."},
      {"tail", 0.5, "[preposition] the [place] ."},
  };
  return rows;
}

/// SplitMix64's mixing of one more token; not a hash that a model could learn.
std::uint64_t hash_of(std::span<const std::uint16_t> tokens) {
  std::uint64_t h = 0;
  for (const std::uint16_t token : tokens) {
    h += 0x9E3779B97F4A7C15u + token;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    h ^= h >> 31;
  }
  return h;
}

std::span<const std::uint16_t> tokens_of(const WrittenText& text, const Sentence& sentence) {
  return std::span(text.tokens).subspan(sentence.begin, sentence.end - sentence.begin);
}

}  // namespace

const Grammar& story_grammar() {
  static const Grammar grammar(classes(), slots(), rules(), sentence_symbols());
  return grammar;
}

std::vector<TargetKind> story_kinds(std::span<const std::string> words) {
  const auto kind = [&](const char* name, std::initializer_list<std::string_view> of_classes) {
    TargetKind out{name, std::vector<bool>(words.size(), false)};
    for (const WordClass& c : classes())
      if (std::ranges::find(of_classes, c.name) != of_classes.end())
        for (std::size_t id = 0; id < words.size(); ++id)
          if (std::ranges::find(c.words, words[id]) != c.words.end()) out.tokens[id] = true;
    return out;
  };
  return {kind("agreement", {"verb_s", "verb_p"}), kind("names", {"name"})};
}

WrittenText write_stories(Split split, std::uint64_t seed, index_t min_tokens) {
  if (min_tokens < 1 || min_tokens > index_t{1} << 30)
    fail_usage("stories: the number of tokens must be between 1 and 2^30; it is " + std::to_string(min_tokens));
  const bool train = split == Split::kTrain;
  const RandomStream random(seed, train ? Purpose::kTrain : Purpose::kValidation, fnv1a("stories"));
  const auto accept = [train](std::span<const std::uint16_t> tokens) { return (hash_of(tokens) >> 63 == 0) == train; };
  WrittenText out;
  for (std::uint64_t story = 0; static_cast<index_t>(out.tokens.size()) < min_tokens; ++story)
    story_grammar().write(random, story, accept, out);
  return out;
}

double story_floor_slack_nats(const WrittenText& train, const WrittenText& validation) {
  std::vector<double> mass(sentence_symbols().size(), 0);
  std::unordered_set<std::uint64_t> seen;
  for (const Sentence& sentence : train.sentences)
    if (seen.insert(hash_of(tokens_of(train, sentence))).second)
      mass[static_cast<std::size_t>(sentence.symbol)] += std::exp(sentence.log_prob);
  double slack = 0;
  for (const Sentence& sentence : validation.sentences) {
    slack -= std::log1p(-mass[static_cast<std::size_t>(sentence.symbol)]);
    if (!seen.insert(hash_of(tokens_of(validation, sentence))).second) slack += std::numbers::ln2;
  }
  return slack;
}

}  // namespace qkvbench::data
