// What a study compares: a way to share, as rows of tables name it.
// What each variant is, nn/variant says.
#pragma once
#include <compare>
#include <string>

#include "qkvbench/run/config.hpp"

namespace qkvbench::study {

/// A variant, and how many key/value heads when they are fewer than the query heads.
struct Arm {
  std::string variant;
  index_t kv_heads = 0;  ///< 0: as many as heads
  /// "q_k_v", "q_k_v, 2 kv heads"
  std::string name() const;
  auto operator<=>(const Arm&) const = default;
};
Arm arm_of(const run::Config& config);

}  // namespace qkvbench::study
