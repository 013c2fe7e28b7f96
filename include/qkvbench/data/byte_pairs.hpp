// GPT-2's byte-pair encoding: any bytes to token ids and back.
// Not its files (formats/merges), and no special tokens in texts: "<|endoftext|>" is thirteen characters like any
// other.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "qkvbench/formats/merges.hpp"

namespace qkvbench::data {

/// The length of the piece that begins at text[at], at < text.size(): tokens never span two pieces. The first that
/// matches of
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// with Unicode's letters, numbers and White_Space; a byte that begins no character is none of the three.
/// Source: OpenAI's encoder.py.
std::size_t piece_at(std::string_view text, std::size_t at);

class BytePairs {
 public:
  /// Tokens: the 256 bytes, what each merge makes, the end of a text.
  /// Throws Error (input) naming the merge when it joins what is no token before it, or makes one that is there.
  explicit BytePairs(formats::Merges merges);

  const formats::Merges& merges() const { return merges_; }
  std::int32_t vocab() const { return static_cast<std::int32_t>(bytes_.size()); }
  std::int32_t end_of_text() const { return vocab() - 1; }

  /// Of each piece the pair with the lowest rank is merged until none is left, the leftmost of equal ones first.
  /// Takes O(n log n) for a piece of n bytes.
  std::vector<std::int32_t> encode(std::string_view text) const;
  /// The bytes of a token below vocab(): parts of characters too.
  const std::string& bytes(std::int32_t id) const { return bytes_[static_cast<std::size_t>(id)]; }

 private:
  void encode_piece(std::string_view piece, std::vector<std::int32_t>& out) const;
  /// The token that two make, or −1. Its number is the order of ranks.
  std::int32_t merged(std::int32_t left, std::int32_t right) const;

  formats::Merges merges_;
  std::vector<std::string> bytes_;                         // by id
  std::vector<std::int32_t> id_of_byte_;                   // [256]
  std::unordered_map<std::uint64_t, std::int32_t> id_of_;  // of a pair of ids
};

}  // namespace qkvbench::data
