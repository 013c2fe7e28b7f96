// Splitting by Unicode's classes, merging with a heap over a linked list.
// A piece that was seen in the same text is not merged again: most words come often.
#include "qkvbench/data/byte_pairs.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <utility>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::data {

namespace {

enum class Class { kLetter, kNumber, kSpace, kOther };

/// Unicode's property White_Space.
bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

Class class_of(char32_t c) {
  if (is_white_space(c)) return Class::kSpace;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return Class::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return Class::kNumber;
    default: return Class::kOther;
  }
}

struct Character {
  Class kind;
  std::size_t bytes;
};

Character character_at(std::string_view text, std::size_t at) {
  static const std::array<Class, 128> ascii = [] {
    std::array<Class, 128> table{};
    for (char32_t c = 0; c < 128; ++c) table[c] = class_of(c);
    return table;
  }();
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 128) return {ascii[byte], 1};
  const formats::CodePoint c = formats::code_point_at(text, at);
  return c.bytes == 0 ? Character{Class::kOther, 1} : Character{class_of(c.value), c.bytes};
}

struct Run {
  std::size_t end, last;  ///< last: where its last character begins
};

/// As many characters of one class as follow each other.
Run run_of(Class kind, std::string_view text, std::size_t at) {
  Run run{at, at};
  while (run.end < text.size()) {
    const Character c = character_at(text, run.end);
    if (c.kind != kind) break;
    run.last = run.end;
    run.end += c.bytes;
  }
  return run;
}

constexpr std::size_t kBytes = 256;
constexpr std::string_view kEndOfText = "<|endoftext|>";

std::uint64_t key(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint32_t>(right);
}

}  // namespace

std::size_t piece_at(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (rest.starts_with(ending)) return ending.size();
  const std::size_t word = rest.starts_with(' ') && rest.size() > 1 ? 1 : 0;
  const Class kind = character_at(rest, word).kind;
  if (kind != Class::kSpace) return run_of(kind, rest, word).end;
  const Run spaces = run_of(Class::kSpace, rest, 0);
  // The last space belongs to the word behind it.
  return spaces.end < rest.size() && spaces.last > 0 ? spaces.last : spaces.end;
}

BytePairs::BytePairs(formats::Merges merges) : merges_(std::move(merges)), id_of_byte_(kBytes) {
  bytes_.reserve(kBytes + merges_.size() + 1);
  for (std::size_t rank = 0; rank < kBytes; ++rank) {
    bytes_.push_back(formats::byte_of_rank(static_cast<int>(rank)));
    id_of_byte_[static_cast<unsigned char>(bytes_.back()[0])] = static_cast<std::int32_t>(rank);
  }
  std::unordered_map<std::string, std::int32_t> made;  // by merges
  const auto find = [&](const std::string& bytes) {
    if (bytes.size() == 1) return id_of_byte_[static_cast<unsigned char>(bytes[0])];
    const auto found = made.find(bytes);
    return found == made.end() ? -1 : found->second;
  };
  for (const auto& merge : merges_) {
    const auto refuse = [&](const char* why) {
      fail_input("merge " + std::to_string(made.size()) + ", " + formats::quoted(merge.first) + " and " +
                 formats::quoted(merge.second) + ": " + why);
    };
    const std::int32_t left = find(merge.first), right = find(merge.second),
                       id = static_cast<std::int32_t>(bytes_.size());
    if (left < 0 || right < 0) refuse("one of them is no token yet");
    bytes_.push_back(merge.first + merge.second);
    if (!made.emplace(bytes_.back(), id).second) refuse("an earlier merge makes the same token");
    id_of_.emplace(key(left, right), id);
  }
  bytes_.emplace_back(kEndOfText);
}

std::int32_t BytePairs::merged(std::int32_t left, std::int32_t right) const {
  const auto found = id_of_.find(key(left, right));
  return found == id_of_.end() ? -1 : found->second;
}

void BytePairs::encode_piece(std::string_view piece, std::vector<std::int32_t>& out) const {
  struct Node {
    std::int32_t id;
    std::uint32_t before, after;
  };
  const auto n = static_cast<std::uint32_t>(piece.size());
  std::vector<Node> nodes;
  nodes.reserve(n);
  for (std::uint32_t i = 0; i < n; ++i)
    nodes.push_back({id_of_byte_[static_cast<unsigned char>(piece[i])], i - 1, i + 1});  // before the first: 2^32 − 1
  // What could be merged: the token that it makes, which tells the rank, and the place of its left part.
  std::vector<std::uint64_t> heap;
  const auto pair_at = [&](std::uint32_t at) {
    return nodes[at].id < 0 || nodes[at].after >= n ? -1 : merged(nodes[at].id, nodes[nodes[at].after].id);
  };
  const auto look_at = [&](std::uint32_t at) {
    if (const std::int32_t id = pair_at(at); id >= 0) {
      heap.push_back(key(id, static_cast<std::int32_t>(at)));
      std::ranges::push_heap(heap, std::greater<>());
    }
  };
  for (std::uint32_t i = 0; i < n; ++i) look_at(i);
  while (!heap.empty()) {
    std::ranges::pop_heap(heap, std::greater<>());
    const auto id = static_cast<std::int32_t>(heap.back() >> 32);
    const auto at = static_cast<std::uint32_t>(heap.back());
    heap.pop_back();
    if (pair_at(at) != id) continue;  // a neighbour was merged first
    Node& gone = nodes[nodes[at].after];
    nodes[at].id = id;
    gone.id = -1;
    nodes[at].after = gone.after;
    if (gone.after < n) nodes[gone.after].before = at;
    look_at(at);
    if (nodes[at].before < n) look_at(nodes[at].before);
  }
  for (std::uint32_t at = 0; at < n; at = nodes[at].after) out.push_back(nodes[at].id);
}

std::vector<std::int32_t> BytePairs::encode(std::string_view text) const {
  constexpr std::size_t kRemembered = 32;  // bytes: longer pieces hardly come twice
  std::vector<std::int32_t> out;
  std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>> seen;  // where they are in `out`
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view piece = text.substr(at, piece_at(text, at));
    at += piece.size();
    const auto known = piece.size() <= kRemembered ? seen.find(piece) : seen.end();
    if (known != seen.end()) {
      const auto [first, last] = known->second;
      for (std::size_t i = first; i < last; ++i) out.push_back(out[i]);
      continue;
    }
    const std::size_t first = out.size();
    encode_piece(piece, out);
    if (piece.size() <= kRemembered) seen.emplace(piece, std::pair(first, out.size()));
  }
  return out;
}

}  // namespace qkvbench::data
