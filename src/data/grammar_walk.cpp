// Going through a grammar to write a text, and going through it along a given text to find its probability.
// Both are the same walk; they differ only in who makes the choices.
#include <algorithm>
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/grammar.hpp"

namespace qkvbench::data {

namespace {
constexpr int kEmpty = -1;
}

/// Keeps the memory and the probability of the choices that no token has told yet.
class Grammar::Walk {
 public:
  virtual ~Walk() = default;

 protected:
  explicit Walk(const Grammar& grammar) : grammar_(grammar), memory_(grammar.slots_.size(), kEmpty) {}

  /// The way to write `symbol`; null: the text breaks off.
  virtual const Choice* choose(const Symbol& symbol) = 0;
  /// One of a class's words but those in `excluded`; kEmpty: the text breaks off.
  virtual int pick(const Class& words, std::span<const int> excluded) = 0;
  /// False: the text breaks off.
  virtual bool emit(int token, double log_prob) = 0;

  /// Writes one symbol. False: the text breaks off.
  virtual bool expand(int symbol) {
    const Choice* choice = choose(grammar_.symbols_[static_cast<std::size_t>(symbol)]);
    if (choice == nullptr) return false;
    pending_ += choice->log_probability;
    return std::all_of(choice->items.begin(), choice->items.end(), [&](const Item& item) { return follow(item); });
  }

  /// The probability of choices since the last token belongs to the next one, which tells them.
  double take_pending() {
    const double out = pending_;
    pending_ = 0;
    return out;
  }

  const Grammar& grammar_;
  std::vector<int> memory_;
  double pending_ = 0;

 private:
  bool follow(const Item& item) {
    const auto index = static_cast<std::size_t>(item.index);
    switch (item.kind) {
      case Kind::kSymbol: return expand(item.index);
      case Kind::kWord: return emit(item.index, take_pending());
      case Kind::kRecall: return emit(remembered(index), take_pending());
      case Kind::kClass: {
        const Class& words = grammar_.classes_[index];
        const int token = pick(words, {});
        if (token == kEmpty) return false;
        const int place = words.index_of[static_cast<std::size_t>(token)];
        return emit(token, take_pending() + words.log_probability[static_cast<std::size_t>(place)]);
      }
      case Kind::kStore: break;
    }
    const Slot& slot = grammar_.slots_[index];
    const Class& words = grammar_.classes_[static_cast<std::size_t>(slot.word_class)];
    std::vector<int> taken;
    for (const int other : slot.others) taken.push_back(remembered(static_cast<std::size_t>(other)));
    memory_[index] = pick(words, taken);
    if (memory_[index] == kEmpty) return false;
    return emit(memory_[index], take_pending() - std::log(static_cast<double>(words.tokens.size() - taken.size())));
  }

  int remembered(std::size_t slot) const {
    if (memory_[slot] == kEmpty)
      fail_internal("grammar: slot " + grammar_.slot_names_[slot] + " is used before it is filled");
    return memory_[slot];
  }
};

/// Makes the choices by random numbers.
class Grammar::Writer : public Walk {
 public:
  Writer(const Grammar& grammar, const RandomStream& random, std::uint64_t index, const Accept& accept,
         WrittenText& out)
      : Walk(grammar), random_(random), next_(index << 32), accept_(accept), out_(out) {}

  void run() { expand(0); }

 private:
  bool expand(int symbol) override {
    const int sentence = grammar_.symbols_[static_cast<std::size_t>(symbol)].sentence;
    if (sentence < 0) return Walk::expand(symbol);
    const std::size_t begin = out_.tokens.size();
    const std::vector<int> memory = memory_;
    const double before = take_pending();
    for (;;) {
      log_prob_ = 0;
      Walk::expand(symbol);
      if (accept_(std::span(out_.tokens).subspan(begin))) break;
      out_.tokens.resize(begin);
      out_.log_probs.resize(begin);
      memory_ = memory;
    }
    out_.log_probs[begin] += static_cast<float>(before);
    out_.sentences.push_back({sentence, begin, out_.tokens.size(), log_prob_});
    return true;
  }

  double uniform() { return random_.bits(next_++) * 0x1p-32; }

  const Choice* choose(const Symbol& symbol) override {
    double u = symbol.choices.size() > 1 ? uniform() : 0;
    for (const Choice& choice : symbol.choices)
      if ((u -= choice.probability) < 0) return &choice;
    return &symbol.choices.back();
  }

  int pick(const Class& words, std::span<const int> excluded) override {
    if (!excluded.empty()) {  // then all words are equally likely
      const std::size_t n = words.tokens.size() - excluded.size();
      auto at = static_cast<std::size_t>(uniform() * static_cast<double>(n));
      for (const std::uint16_t token : words.tokens)
        if (std::find(excluded.begin(), excluded.end(), token) == excluded.end() && at-- == 0) return token;
    }
    double u = uniform();
    for (std::size_t i = 0; i < words.tokens.size(); ++i)
      if ((u -= words.probability[i]) < 0) return words.tokens[i];
    return words.tokens.back();
  }

  bool emit(int token, double log_prob) override {
    out_.tokens.push_back(static_cast<std::uint16_t>(token));
    out_.log_probs.push_back(static_cast<float>(log_prob));
    log_prob_ += log_prob;
    return true;
  }

  const RandomStream& random_;
  std::uint64_t next_;
  const Accept& accept_;
  WrittenText& out_;
  double log_prob_ = 0;
};

/// Makes the choices that a given text tells.
class Grammar::Scorer : public Walk {
 public:
  Scorer(const Grammar& grammar, std::span<const std::uint16_t> tokens, std::vector<double>& out)
      : Walk(grammar), tokens_(tokens), out_(out) {}

  void run() {
    while (out_.size() < tokens_.size()) {
      std::fill(memory_.begin(), memory_.end(), kEmpty);
      Walk::expand(0);
    }
  }

 private:
  bool at_end() const { return out_.size() == tokens_.size(); }

  int token() const {
    const int next = tokens_[out_.size()];
    if (static_cast<std::size_t>(next) >= grammar_.vocabulary_.size())
      fail_input("token " + std::to_string(next) + " is beyond the vocabulary of the grammar");
    return next;
  }

  [[noreturn]] void misfit() const {
    fail_input("token " + std::to_string(out_.size()) + ", '" +
               grammar_.vocabulary_[static_cast<std::size_t>(token())] +
               "', cannot stand where it does in the grammar");
  }

  const Choice* choose(const Symbol& symbol) override {
    if (at_end()) return nullptr;
    const std::size_t V = grammar_.vocabulary_.size();
    for (const Choice& choice : symbol.choices) {
      if (choice.first[static_cast<std::size_t>(token())]) return &choice;
      for (std::size_t slot = 0; slot < memory_.size(); ++slot)
        if (choice.first[V + slot] && memory_[slot] == token()) return &choice;
    }
    misfit();
  }

  int pick(const Class& words, std::span<const int> excluded) override {
    if (at_end()) return kEmpty;
    const bool fits = words.index_of[static_cast<std::size_t>(token())] >= 0 &&
                      std::find(excluded.begin(), excluded.end(), token()) == excluded.end();
    if (!fits) misfit();
    return token();
  }

  bool emit(int expected, double log_prob) override {
    if (at_end()) return false;
    if (token() != expected) misfit();
    out_.push_back(log_prob);
    return true;
  }

  std::span<const std::uint16_t> tokens_;
  std::vector<double>& out_;
};

void Grammar::write(const RandomStream& random, std::uint64_t index, const Accept& accept, WrittenText& out) const {
  Writer(*this, random, index, accept, out).run();
}

std::vector<double> Grammar::log_probs(std::span<const std::uint16_t> tokens) const {
  std::vector<double> out;
  out.reserve(tokens.size());
  Scorer(*this, tokens, out).run();
  return out;
}

}  // namespace qkvbench::data
