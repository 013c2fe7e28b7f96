// Building a grammar from its rows, checking it, and its exact expectations.
// Walking through it, to write or to score a text, is in grammar_walk.cpp.
#include "qkvbench/data/grammar.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::data {

namespace {

int find(const std::vector<std::string>& names, const std::string& name, const char* kind) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) fail_internal("grammar: " + unknown_name(kind, name, names));
  return static_cast<int>(at - names.begin());
}

bool is_word(const std::string& text) { return text != "" && text.find_first_of("<[+=") != 0; }

/// The rows with every `#` written out.
std::vector<GrammarRule> with_numbers(std::span<const GrammarRule> rules) {
  std::vector<GrammarRule> out;
  for (const GrammarRule& rule : rules) {
    const bool both = rule.symbol.find('#') != std::string::npos;
    for (const char number : both ? std::string("sp") : std::string("#")) {
      out.push_back(rule);
      std::replace(out.back().symbol.begin(), out.back().symbol.end(), '#', number);
      std::replace(out.back().text.begin(), out.back().text.end(), '#', number);
    }
  }
  return out;
}

/// Solves a·x = b for several right-hand sides by Gauss's elimination; a: [n, n], b: [n, m], both overwritten.
void solve(std::vector<std::vector<double>>& a, std::vector<std::vector<double>>& b) {
  const std::size_t n = a.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < n; ++j) a[i][j] -= factor * a[k][j];
      for (std::size_t j = 0; j < b[i].size(); ++j) b[i][j] -= factor * b[k][j];
    }
  }
  for (std::size_t i = 0; i < n; ++i)
    for (double& x : b[i]) x /= a[i][i];
}

}  // namespace

Grammar::Grammar(std::span<const WordClass> classes, std::span<const WordSlot> slots, std::span<const GrammarRule> rows,
                 std::span<const std::string> sentences) {
  const std::vector<GrammarRule> rules = with_numbers(rows);
  std::set<std::string> words;
  for (const WordClass& c : classes) words.insert(c.words.begin(), c.words.end());
  for (const GrammarRule& rule : rules)
    for (const std::string& word : split(rule.text, ' '))
      if (is_word(word)) words.insert(word);
  vocabulary_.assign(words.begin(), words.end());
  for (const WordClass& c : classes) add_class(c);
  for (const WordSlot& slot : slots) add_slot(slot);
  for (const GrammarRule& rule : rules)
    if (std::none_of(symbols_.begin(), symbols_.end(), [&](const Symbol& s) { return s.name == rule.symbol; }))
      symbols_.push_back({rule.symbol, -1, {}});
  for (const GrammarRule& rule : rules) add_rule(rule);
  for (std::size_t i = 0; i < sentences.size(); ++i)
    symbols_[static_cast<std::size_t>(symbol_index(sentences[i]))].sentence = static_cast<int>(i);

  std::vector<int> state(symbols_.size(), 0);
  for (std::size_t i = 0; i < symbols_.size(); ++i) find_first_tokens(static_cast<int>(i), state);
  for (const Symbol& symbol : symbols_) check(symbol);
}

void Grammar::add_class(const WordClass& words) {
  Class out{{}, {}, {}, std::vector<int>(vocabulary_.size(), -1), words.zipf_offset == 0};
  const auto weight = [&](std::size_t r) { return out.uniform ? 1 : 1 / (static_cast<double>(r) + words.zipf_offset); };
  double sum = 0;
  for (std::size_t r = 0; r < words.words.size(); ++r) sum += weight(r);
  for (std::size_t r = 0; r < words.words.size(); ++r) {
    const int token = find(vocabulary_, words.words[r], "word");
    out.index_of[static_cast<std::size_t>(token)] = static_cast<int>(r);
    out.tokens.push_back(static_cast<std::uint16_t>(token));
    out.probability.push_back(weight(r) / sum);
    out.log_probability.push_back(std::log(out.probability.back()));
  }
  class_names_.push_back(words.name);
  classes_.push_back(std::move(out));
}

void Grammar::add_slot(const WordSlot& slot) {
  Slot out{find(class_names_, slot.word_class, "class"), {}};
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].word_class == out.word_class) out.others.push_back(static_cast<int>(i));
  if (!classes_[static_cast<std::size_t>(out.word_class)].uniform)
    fail_internal("grammar: the words of slot " + slot.name + " must be equally likely");
  slot_names_.push_back(slot.name);
  slots_.push_back(out);
}

int Grammar::symbol_index(const std::string& name) const {
  std::vector<std::string> names;
  for (const Symbol& symbol : symbols_) names.push_back(symbol.name);
  return find(names, name, "symbol");
}

Grammar::Item Grammar::item(const std::string& text) const {
  const auto inner = [&](std::size_t closing) { return text.substr(1, text.size() - 1 - closing); };
  switch (text[0]) {
    case '<': return {Kind::kSymbol, symbol_index(inner(1))};
    case '[': return {Kind::kClass, find(class_names_, inner(1), "class")};
    case '+': return {Kind::kStore, find(slot_names_, inner(0), "slot")};
    case '=': return {Kind::kRecall, find(slot_names_, inner(0), "slot")};
    default: return {Kind::kWord, find(vocabulary_, text, "word")};
  }
}

void Grammar::add_rule(const GrammarRule& rule) {
  Choice choice{rule.probability, std::log(rule.probability), {}, {}};
  for (const std::string& text : split(rule.text, ' ')) choice.items.push_back(item(text));
  if (choice.items.empty()) fail_internal("grammar: " + rule.symbol + " has an empty rule, which no token can tell");
  symbols_[static_cast<std::size_t>(symbol_index(rule.symbol))].choices.push_back(choice);
}

void Grammar::find_first_tokens(int symbol, std::vector<int>& state) {
  constexpr int kOpen = 1, kDone = 2;
  const auto at = static_cast<std::size_t>(symbol);
  if (state[at] == kDone) return;
  if (state[at] == kOpen) fail_internal("grammar: " + symbols_[at].name + " can begin with itself");
  state[at] = kOpen;
  for (Choice& choice : symbols_[at].choices) {
    choice.first.assign(vocabulary_.size() + slots_.size(), false);
    const Item head = choice.items.front();
    const auto index = static_cast<std::size_t>(head.index);
    switch (head.kind) {
      case Kind::kWord: choice.first[index] = true; break;
      case Kind::kRecall: choice.first[vocabulary_.size() + index] = true; break;
      case Kind::kSymbol:
        find_first_tokens(head.index, state);
        for (const Choice& inner : symbols_[index].choices)
          for (std::size_t i = 0; i < inner.first.size(); ++i)
            if (inner.first[i]) choice.first[i] = true;
        break;
      case Kind::kClass:
      case Kind::kStore: {
        const std::size_t c = head.kind == Kind::kClass ? index : static_cast<std::size_t>(slots_[index].word_class);
        for (const std::uint16_t token : classes_[c].tokens) choice.first[token] = true;
      }
    }
  }
  state[at] = kDone;
}

void Grammar::check(const Symbol& symbol) const {
  double sum = 0;
  std::vector<int> ways(vocabulary_.size() + slots_.size(), 0);  // that can begin with this token or slot
  for (const Choice& choice : symbol.choices) {
    sum += choice.probability;
    for (std::size_t i = 0; i < ways.size(); ++i)
      if (choice.first[i]) ++ways[i];
  }
  bool clear = std::all_of(ways.begin(), ways.end(), [](int n) { return n <= 1; });
  // A slot may hold any word of its class; two slots of one class never hold the same.
  for (std::size_t s = 0; s < slots_.size(); ++s)
    if (ways[vocabulary_.size() + s] > 0)
      for (const std::uint16_t token : classes_[static_cast<std::size_t>(slots_[s].word_class)].tokens)
        clear = clear && ways[token] == 0;
  if (!clear) fail_internal("grammar: one token does not tell the ways to write " + symbol.name + " apart");
  if (!(std::abs(sum - 1) <= 1e-12)) fail_internal("grammar: the probabilities of " + symbol.name + " do not sum to 1");
}

Grammar::Expectation Grammar::terminal(const Item& item) const {
  const auto index = static_cast<std::size_t>(item.index);
  Expectation out{0, 1};
  if (item.kind == Kind::kClass) {
    const Class& c = classes_[index];
    for (std::size_t i = 0; i < c.tokens.size(); ++i) out.nats -= c.probability[i] * c.log_probability[i];
  } else if (item.kind == Kind::kStore) {
    const Slot& slot = slots_[index];
    const std::size_t words = classes_[static_cast<std::size_t>(slot.word_class)].tokens.size();
    out.nats = std::log(static_cast<double>(words - slot.others.size()));
  }
  return out;
}

Grammar::Expectation Grammar::expectation() const {
  const std::size_t n = symbols_.size();
  std::vector<std::vector<double>> a(n, std::vector<double>(n, 0)), b(n, std::vector<double>(2, 0));
  for (std::size_t i = 0; i < n; ++i) {
    a[i][i] = 1;
    for (const Choice& choice : symbols_[i].choices) {
      b[i][0] -= choice.probability * choice.log_probability;
      for (const Item& item : choice.items) {
        if (item.kind == Kind::kSymbol) {
          a[i][static_cast<std::size_t>(item.index)] -= choice.probability;
          continue;
        }
        const Expectation part = terminal(item);
        b[i][0] += choice.probability * part.nats;
        b[i][1] += choice.probability * part.tokens;
      }
    }
  }
  solve(a, b);
  for (const auto& symbol : b)
    if (!(symbol[1] >= 1 && symbol[1] < 1e9)) fail_internal("grammar: its texts do not end");
  return {b[0][0], b[0][1]};
}

}  // namespace qkvbench::data
