// From text to token ids and back: bytes, Unicode characters, words, pairs of bytes, or plain ids where the vocabulary
// is not known. How byte-pair encoding works is in byte_pairs.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "qkvbench/base/real.hpp"
#include "qkvbench/data/byte_pairs.hpp"

namespace qkvbench::data {

class Tokenizer {
 public:
  enum class Kind {
    kIds,         ///< text is decimal ids between spaces
    kBytes,       ///< id = byte
    kCharacters,  ///< id = place among the sorted characters of the corpus, as in nanoGPT's char data
    kWords,       ///< words and marks with one space between them; a line break is a word of its own, "\n"
    kBytePairs    ///< GPT-2's tokens, see byte_pairs.hpp
  };

  /// Ids below `vocab`, without symbols.
  static Tokenizer ids(index_t vocab);
  static Tokenizer bytes();
  /// symbols: sorted, without repetitions; id = place. Throws Error (input) otherwise, so that a vocabulary read from a
  /// file can be given as it is.
  static Tokenizer characters(std::vector<std::string> symbols);
  static Tokenizer words(std::vector<std::string> symbols);
  /// Throws as BytePairs().
  static Tokenizer byte_pairs(formats::Merges merges);

  bool operator==(const Tokenizer& other) const;
  Kind kind() const { return kind_; }
  index_t vocab() const { return vocab_; }
  /// What the ids of characters and words stand for; empty for the other kinds.
  const std::vector<std::string>& symbols() const { return symbols_; }
  /// Of kBytePairs; empty for the other kinds.
  const formats::Merges& merges() const;
  /// The token that stands between texts, if there is one.
  std::optional<std::int32_t> end_of_text() const;
  /// Whether any text can be written: every byte is a token.
  bool writes_all() const { return kind_ == Kind::kBytes || kind_ == Kind::kBytePairs; }

  /// Throws Error (usage) naming the first piece that the vocabulary lacks and its byte.
  std::vector<std::int32_t> encode(std::string_view text) const;

  /// The pieces of a text that the vocabulary lacks: "'x' at byte 0, 'y' at byte 2 and 3 others"; empty when encode()
  /// can write all of it.
  std::string lacking(std::string_view text) const;

  /// encode() undone. Throws Error (internal) for an id beyond the vocabulary.
  std::string decode(std::span<const std::int32_t> ids) const;

 private:
  Tokenizer(Kind kind, index_t vocab, std::vector<std::string> symbols);
  std::int32_t id_of(std::string_view piece, std::size_t at) const;

  Kind kind_;
  index_t vocab_;
  std::vector<std::string> symbols_;
  std::unordered_map<std::string, std::int32_t> id_of_;
  std::shared_ptr<const BytePairs> pairs_;
};

}  // namespace qkvbench::data
