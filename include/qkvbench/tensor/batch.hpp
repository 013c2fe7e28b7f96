// What a data set hands to a model for one step: inputs and targets of B examples.
// Plain vectors that are refilled in place; nothing here knows tasks or models.
#pragma once
#include <cstdint>
#include <vector>

#include "qkvbench/tensor/shape.hpp"

namespace qkvbench {

/// A target that is not scored.
inline constexpr std::int32_t kIgnoredTarget = -1;

/// One batch. Exactly one of `ids` and `features` is filled, as the model's family asks.
struct Batch {
  index_t size = 0;                   ///< B
  Shape input;                        ///< shape of the filled input, B first: [B, T], [B, T, F] or [B, C, H, W]
  std::vector<std::int32_t> ids;      ///< [B, T] symbols or tokens
  std::vector<real> features;         ///< [B, T, F] or [B, C, H, W]
  std::vector<std::int32_t> targets;  ///< one for each row of logits; kIgnoredTarget is not scored
};

}  // namespace qkvbench
