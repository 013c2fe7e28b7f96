// What a study compares: a way of making q, k and v, as rows of tables name it.
// What each variant is, nn/variant says.
#pragma once
#include <compare>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/run/config.hpp"

namespace qkvbench::study {

/// A variant, how many key/value heads when they are fewer than the query heads, and the other keys that say how q, k
/// and v are made.
struct Arm {
  std::string variant;
  index_t kv_heads = 0;  ///< 0: as many as heads
  /// Those keys of run::Option::of_arm that are not neutral, with their values, in the order of all_options().
  std::vector<std::pair<std::string, std::string>> options{};
  /// "q_k_v", "q_k_v, 2 kv heads", "mla, kv_rank 48"
  std::string name() const;
  auto operator<=>(const Arm&) const = default;
};
/// Sizes that are what would follow anyway are not named.
Arm arm_of(const run::Config& config);

}  // namespace qkvbench::study
