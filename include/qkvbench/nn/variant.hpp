// The ways of making queries, keys and values, by name: partitions of {q, k, v}, and other kinds of attention.
// One table, in variant.cpp. No other file may ask which of them it is dealing with.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "qkvbench/nn/sharing.hpp"

namespace qkvbench::nn {

class Attention;
class Parameters;
struct BlockConfig;
struct BlockSpec;

/// A row of `list variants`.
struct AttentionKind {
  std::string_view id;
  std::string_view paper_name;  ///< how the study writes it; empty if it does not
  std::string_view equation;    ///< what one head computes
  int projections;              ///< matrices between x and q, k and v
  std::string_view cached;      ///< what decoding keeps of a position
  int cached_tensors;           ///< in how many tensors
  Sharing sharing;              ///< which projection feeds q, k and v, where that says it all
  bool rotary;                  ///< has a rotary key of its own, so positions must be rope
  /// Makes the module. Throws Error (usage), with the reason, when the block's options do not fit.
  std::unique_ptr<Attention> (*make)(Parameters&, const std::string& name, const BlockConfig&);
  /// Gives sizes that are zero the values that follow, where the kind reads them. Throws Error (usage) when the
  /// others do not fit.
  void (*complete)(BlockSpec&);
  /// Keys of the configuration that this kind reads and most do not, between spaces.
  std::string_view options;

  /// Whether the sharing says all that there is to say.
  bool is_partition() const { return !rotary && projections == sharing.projection_count(); }
};

/// All of them, in the order of every listing: the partitions first.
std::span<const AttentionKind> all_kinds();

/// A way of making q, k and v, with or without the 2D positional term.
struct Variant {
  const AttentionKind* kind = nullptr;
  bool plus = false;

  std::string id() const;          ///< "qk_v+"
  std::string paper_name() const;  ///< "(Q=K-V)+"; empty if the paper has no such variant
  std::string equation() const;
  index_t place() const;  ///< in all_kinds()
  const Sharing& sharing() const { return kind->sharing; }
};

/// Reads an id ("qk_v+") or one of the paper's spellings ("(Q=K-V)+", "Q!=K=V").
/// Throws Error (usage) with the nearest id; a bare "QKV" is refused since it means two things.
Variant parse_variant(std::string_view text);

}  // namespace qkvbench::nn
