// The ways in which query, key and value may share projections: one table, and names for its rows.
// Sharing is data: no other file may ask which variant it is dealing with.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "qkvbench/base/real.hpp"

namespace qkvbench::nn {

/// One partition of {q, k, v}. Projection p is named after the letters that share it ("c_qk").
struct Sharing {
  std::string_view id;                          ///< letters that stand together share one projection
  std::string_view paper_name;                  ///< how the paper writes it; empty if it does not
  std::string_view equation;                    ///< what one head computes
  std::array<std::string_view, 3> projections;  ///< letters of each projection, empty behind the last
  int q, k, v;                                  ///< which projection feeds each

  int projection_count() const { return 1 + (q > k ? (q > v ? q : v) : (k > v ? k : v)); }
  /// Distinct tensors among K and V, which is what decoding has to keep.
  int cached_tensors() const { return k == v ? 1 : 2; }
  bool query_shared() const { return q == k || q == v; }
};

/// All partitions, in the order of every listing.
std::span<const Sharing> all_sharings();

/// A partition with or without the 2D positional term.
struct Variant {
  const Sharing* sharing = nullptr;
  bool plus = false;

  std::string id() const;          ///< "qk_v+"
  std::string paper_name() const;  ///< "(Q=K-V)+"; empty if the paper has no such partition
  std::string equation() const;
};

/// Reads an id ("qk_v+") or one of the paper's spellings ("(Q=K-V)+", "Q!=K=V").
/// Throws Error (usage) with the nearest id; a bare "QKV" is refused since it means two things.
Variant parse_variant(std::string_view text);

/// Throws Error (usage) saying why unless kv_heads divides heads, heads divides d_model, and a query that shares
/// its projection with K or V has a key/value head of its own for every query head.
void check_heads(const Sharing& sharing, index_t d_model, index_t heads, index_t kv_heads);

}  // namespace qkvbench::nn
