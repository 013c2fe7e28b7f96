// The tokenizers. They differ in how a text falls into pieces, and in what stands between pieces.
// Byte-pair encoding is handed to byte_pairs.
#include "qkvbench/data/tokenizer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::data {

namespace {

constexpr std::string_view kNewline = "\n";

/// Calls f(piece, byte) for the words, marks and line breaks of a text; other white space only separates.
template <class F>
void for_each_word(std::string_view text, bool split_marks, F&& f) {
  constexpr std::string_view kSpaces = " \t\r\v\f", kMarks = ".,";
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    std::size_t n = 1;
    if (kSpaces.find(c) == kSpaces.npos) {
      const bool alone = c == '\n' || (split_marks && kMarks.find(c) != kMarks.npos);
      const auto ends = [&](char x) {
        return kSpaces.find(x) != kSpaces.npos || x == '\n' || (split_marks && kMarks.find(x) != kMarks.npos);
      };
      while (!alone && at + n < text.size() && !ends(text[at + n])) ++n;
      f(text.substr(at, n), at);
    }
    at += n;
  }
}

void check_symbols(const std::vector<std::string>& symbols) {
  if (symbols.empty()) fail_input("vocabulary: it is empty");
  if (std::adjacent_find(symbols.begin(), symbols.end(), std::greater_equal<>()) != symbols.end())
    fail_input("vocabulary: its symbols are not sorted and distinct");
}

}  // namespace

Tokenizer::Tokenizer(Kind kind, index_t vocab, std::vector<std::string> symbols)
    : kind_(kind), vocab_(vocab), symbols_(std::move(symbols)) {
  for (std::size_t i = 0; i < symbols_.size(); ++i) id_of_.emplace(symbols_[i], static_cast<std::int32_t>(i));
}

Tokenizer Tokenizer::ids(index_t vocab) { return {Kind::kIds, vocab, {}}; }

Tokenizer Tokenizer::bytes() { return {Kind::kBytes, 256, {}}; }

Tokenizer Tokenizer::characters(std::vector<std::string> symbols) {
  check_symbols(symbols);
  for (const std::string& symbol : symbols)
    if (symbol.empty() || formats::code_point_at(symbol, 0).bytes != symbol.size())
      fail_input("vocabulary: " + formats::quoted(symbol) + " is not one character of UTF-8");
  const auto vocab = static_cast<index_t>(symbols.size());
  return {Kind::kCharacters, vocab, std::move(symbols)};
}

Tokenizer Tokenizer::words(std::vector<std::string> symbols) {
  check_symbols(symbols);
  const auto vocab = static_cast<index_t>(symbols.size());
  return {Kind::kWords, vocab, std::move(symbols)};
}

Tokenizer Tokenizer::byte_pairs(formats::Merges merges) {
  auto pairs = std::make_shared<const BytePairs>(std::move(merges));
  Tokenizer tokenizer(Kind::kBytePairs, pairs->vocab(), {});
  tokenizer.pairs_ = std::move(pairs);
  return tokenizer;
}

const formats::Merges& Tokenizer::merges() const {
  static const formats::Merges none;
  return pairs_ ? pairs_->merges() : none;
}

std::optional<std::int32_t> Tokenizer::end_of_text() const {
  return pairs_ ? std::optional(pairs_->end_of_text()) : std::nullopt;
}

bool Tokenizer::operator==(const Tokenizer& other) const {
  return kind_ == other.kind_ && vocab_ == other.vocab_ && symbols_ == other.symbols_ &&
         (pairs_ == other.pairs_ || merges() == other.merges());
}

std::int32_t Tokenizer::id_of(std::string_view piece, std::size_t at) const {
  const auto found = id_of_.find(std::string(piece));
  if (found != id_of_.end()) return found->second;
  const bool words = kind_ == Kind::kWords;
  fail_usage("text: " + formats::quoted(piece) + " at byte " + std::to_string(at) + " is not one of the " +
             std::to_string(vocab_) + (words ? " words" : " characters") + " of the corpus; " +
             (words ? "did you mean '" + nearest(piece, symbols_) + "'?" : "leave it out"));
}

std::string Tokenizer::lacking(std::string_view text) const {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> named;
  std::unordered_map<std::string, bool> seen;
  const auto look_at = [&](std::string_view piece, std::size_t at) {
    std::string key(piece);
    if (id_of_.contains(key) || !seen.emplace(key, true).second) return;
    if (named.size() < kNamed) named.push_back(formats::quoted(piece) + " at byte " + std::to_string(at));
  };
  if (kind_ == Kind::kWords) for_each_word(text, true, look_at);
  if (kind_ == Kind::kCharacters)
    for (std::size_t at = 0; at < text.size();) {
      const std::string_view character = formats::character_at(text, at);
      look_at(character, at);
      at += character.size();
    }
  const std::size_t more = seen.size() - named.size();
  return join(named) + (more > 0 ? " and " + std::to_string(more) + (more > 1 ? " others" : " other") : "");
}

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> out;
  switch (kind_) {
    case Kind::kBytes:
      for (const char c : text) out.push_back(static_cast<unsigned char>(c));
      break;
    case Kind::kCharacters:
      for (std::size_t at = 0; at < text.size();) {
        const std::string_view character = formats::character_at(text, at);
        out.push_back(id_of(character, at));
        at += character.size();
      }
      break;
    case Kind::kWords:
      for_each_word(text, true, [&](std::string_view word, std::size_t at) { out.push_back(id_of(word, at)); });
      break;
    case Kind::kBytePairs: return pairs_->encode(text);
    case Kind::kIds:
      for_each_word(text, false, [&](std::string_view word, std::size_t at) {
        std::int32_t id = -1;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
        if (word == kNewline) return;
        if (error != std::errc{} || end != word.data() + word.size() || id < 0 || id >= vocab_)
          fail_usage("text: " + formats::quoted(word) + " at byte " + std::to_string(at) + " is not a token id below " +
                     std::to_string(vocab_) + "; this corpus has no text, so give ids between spaces");
        out.push_back(id);
      });
  }
  return out;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  std::string out;
  bool space = false;  // before the next word
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= vocab_)
      fail_internal("decode: id " + std::to_string(id) + " is beyond the vocabulary of " + std::to_string(vocab_));
    switch (kind_) {
      case Kind::kBytes: out += static_cast<char>(id); break;
      case Kind::kCharacters: out += symbols_[static_cast<std::size_t>(id)]; break;
      case Kind::kBytePairs: out += pairs_->bytes(id); break;
      case Kind::kIds:
      case Kind::kWords: {
        const std::string word = kind_ == Kind::kIds ? std::to_string(id) : symbols_[static_cast<std::size_t>(id)];
        if (space && word != kNewline) out += ' ';
        out += word;
        space = word != kNewline;
      }
    }
  }
  return out;
}

}  // namespace qkvbench::data
