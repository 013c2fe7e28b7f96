// A stochastic grammar with a memory for words: writes texts, gives the probability of each token, and its entropy.
// Not a parser of ambiguous languages: one token of look-ahead must tell every choice (checked), because only then is
// the probability of a choice the probability of a token.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/base/random.hpp"

namespace qkvbench::data {

/// Words that can stand in the same place: equally likely, or with an offset, word r = 0, 1 … weighs 1 / (r + offset).
struct WordClass {
  std::string name;
  std::vector<std::string> words;
  double zipf_offset = 0;
};

/// A word that is remembered until the text ends. Slots of one class, filled in the table's order, hold different
/// words.
struct WordSlot {
  std::string name, word_class;
};

/// One way to write `symbol`, taken with `probability`. In `text`, symbols stand between spaces: `<x>` another symbol,
/// `[x]` a word of a class, `+x` fills a slot with a word of its class, `=x` says it again, anything else is a word.
/// A row with `#` in its symbol stands for two, with `s` and with `p` for `#`.
struct GrammarRule {
  std::string symbol;
  double probability;
  std::string text;
};

/// A piece of a written text that comes from one symbol that was drawn as a whole.
struct Sentence {
  int symbol;              ///< index in the list of sentence symbols
  std::size_t begin, end;  ///< tokens
  double log_prob;         ///< nats, given the symbol and the memory
};

/// Tokens with their probabilities.
struct WrittenText {
  std::vector<std::uint16_t> tokens;
  std::vector<float> log_probs;  ///< nats, of each token given all tokens before it
  std::vector<Sentence> sentences;
};

class Grammar {
 public:
  /// The first row's symbol is the start. `sentences` names the symbols that write() offers to `accept`; they do not
  /// nest. Throws Error (internal) when a name is unknown, probabilities do not sum to 1, a slot's class is not
  /// uniform, a symbol can begin with itself, or two ways to write a symbol can begin with the same token.
  Grammar(std::span<const WordClass> classes, std::span<const WordSlot> slots, std::span<const GrammarRule> rows,
          std::span<const std::string> sentences);

  /// All words, sorted; a token is an index into it.
  const std::vector<std::string>& vocabulary() const { return vocabulary_; }

  /// Decides whether a sentence may stand in a text.
  using Accept = std::function<bool(std::span<const std::uint16_t> tokens)>;

  /// Appends one text drawn with the numbers of `random` from 2³² · index on; a refused sentence is drawn again.
  void write(const RandomStream& random, std::uint64_t index, const Accept& accept, WrittenText& out) const;

  /// Logarithm of the probability of every token given all before it, found from the tokens alone.
  ///   tokens: texts one after the other, the last one may break off.
  /// Throws Error (input) naming the first token that cannot stand where it does.
  std::vector<double> log_probs(std::span<const std::uint16_t> tokens) const;

  /// Expectations over whole texts, exact:   H = Σ_r p_r (−log p_r + Σ_B H(B)),   L likewise with tokens counted;
  /// both are linear in the unknowns H(symbol), so they are solved for and not sampled.
  /// Source: Grenander, "Syntax-controlled probabilities", 1967 (entropy of a stochastic context-free grammar).
  struct Expectation {
    double nats, tokens;
    double nats_per_token() const { return nats / tokens; }
  };
  Expectation expectation() const;

 private:
  enum class Kind { kWord, kClass, kStore, kRecall, kSymbol };
  struct Item {
    Kind kind;
    int index;
  };
  struct Choice {
    double probability, log_probability;
    std::vector<Item> items;
    std::vector<bool> first;  // tokens, then slots, that it can begin with
  };
  struct Symbol {
    std::string name;
    int sentence;  // -1: none
    std::vector<Choice> choices;
  };
  struct Class {
    std::vector<std::uint16_t> tokens;
    std::vector<double> probability, log_probability;
    std::vector<int> index_of;  // token -> place in `tokens`, or -1
    bool uniform;
  };
  struct Slot {
    int word_class;
    std::vector<int> others;  // earlier slots of the same class
  };
  class Walk;  // through the rules, by whatever makes the choices
  class Writer;
  class Scorer;

  void add_class(const WordClass& words);
  void add_slot(const WordSlot& slot);
  void add_rule(const GrammarRule& rule);
  Item item(const std::string& text) const;
  int symbol_index(const std::string& name) const;
  void find_first_tokens(int symbol, std::vector<int>& state);
  void check(const Symbol& symbol) const;
  /// Expected nats and tokens of one item that is not a symbol.
  Expectation terminal(const Item& item) const;

  std::vector<std::string> vocabulary_, class_names_, slot_names_;
  std::vector<Class> classes_;
  std::vector<Slot> slots_;
  std::vector<Symbol> symbols_;
};

}  // namespace qkvbench::data
