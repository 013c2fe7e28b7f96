// Which projection feeds query, key and value, and how many heads of each there are.
// Sharing is data: a module reads it and has no branch for any one variant.
#pragma once
#include <array>
#include <string_view>

#include "qkvbench/base/real.hpp"

namespace qkvbench::nn {

/// The letters, in the order of every array that has one entry for each.
inline constexpr std::array<const char*, 3> kLetters{"q", "k", "v"};

/// One partition of {q, k, v}. Projection p is named after the letters that share it ("c_qk").
struct Sharing {
  std::array<std::string_view, 3> projections;  ///< letters of each projection, empty behind the last
  int q, k, v;                                  ///< which projection feeds each

  /// Which projection feeds each letter.
  std::array<int, 3> by_letter() const { return {q, k, v}; }
  int projection_count() const { return 1 + (q > k ? (q > v ? q : v) : (k > v ? k : v)); }
  bool key_is_value() const { return k == v; }
  bool query_shared() const { return q == k || q == v; }
};

struct BlockSpec;

/// Throws Error (usage) saying why unless kv_heads divides heads, heads divides d_model where a head's width follows
/// from it, and a query that shares its projection with K or V has a key/value head of its own for every query head.
void check_heads(const BlockSpec& spec);

}  // namespace qkvbench::nn
