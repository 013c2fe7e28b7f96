// Both ends of a model on the tape: integers in, a loss out.
// No metrics beyond what falls off on the way: the sum of the losses and the count of hits.
#pragma once
#include <cstdint>
#include <span>

#include "qkvbench/autograd/tape.hpp"
#include "qkvbench/kernels/loss.hpp"

namespace qkvbench {

/// A mean loss and what it was made of.
struct Loss {
  Value mean_nats;          ///< [] mean over the scored targets
  kernels::EvalSums score;  ///< sums over this batch
};

/// Mean over scored rows of -log softmax(logits)[target]; negative targets are not scored.
/// logits: [..., V]; targets: one for each row, each below V.
/// Throws when the counts differ, a target is out of range, or none is scored and the tape records; on one that does
/// not the mean is then 0.
Loss cross_entropy(Tape& tape, Value logits, std::span<const std::int32_t> targets);

/// Mean over scored rows of τ² KL(softmax(teacher/τ) || softmax(logits/τ)).   result: [], in nats·τ².
/// logits: [..., V]; teacher: as many numbers, which the caller keeps until the backward pass is over and which get no
/// gradient; targets: one for each row, those below 0 are not scored; at least one is.
Value divergence(Tape& tape, Value logits, const real* teacher, std::span<const std::int32_t> targets,
                 real temperature);

/// Mean over all numbers of (a - b - target)².   result: [].
/// a, b: one shape; target: as many numbers, which the caller keeps until the backward pass is over.
Value squared_distance(Tape& tape, Value a, Value b, const real* target);

/// a·factor_a + b·factor_b.   a, b, result: [].
Value weighted_sum(Tape& tape, Value a, real factor_a, Value b, real factor_b);

/// y[b, t] = table[ids[b, t]].   ids: B·T of them; table: [V, C]; y: [B, T, C].
/// Throws when an id is not below V. The ids are read again in the backward pass.
Value embedding(Tape& tape, Value table, std::span<const std::int32_t> ids, index_t B, index_t T);

/// y[b, t, id] = 1, all else 0, without a gradient.   y: [B, T, V]. Throws when an id is not below V.
Value one_hot(Tape& tape, std::span<const std::int32_t> ids, index_t B, index_t T, index_t V);

}  // namespace qkvbench
