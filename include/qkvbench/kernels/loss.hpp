// Softmax with cross-entropy over rows of logits, and gathering rows of a table by id.
// The kernels on both ends of a model that deal with integers.
#pragma once
#include <cstdint>
#include <span>

#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

/// What a batch of logits scored. Sums, so that batches can be added up.
struct EvalSums {
  double loss_nats = 0;  ///< Σ over scored rows of -log softmax(logits)[target]
  index_t correct = 0;   ///< rows whose largest logit (the first of equals) is the target
  index_t targets = 0;   ///< scored rows: those whose target is not negative

  EvalSums& operator+=(const EvalSums& other) {
    loss_nats += other.loss_nats;
    correct += other.correct;
    targets += other.targets;
    return *this;
  }
};

/// logits: [R, V]; targets: [R], each below V, negative ones are not scored; lse: [R], written.
/// Source: torch.nn.functional.cross_entropy.
EvalSums cross_entropy_forward(index_t R, index_t V, const real* logits, const std::int32_t* targets, real* lse);

/// dlogits (+)= (softmax(logits) - onehot(target)) · scale for scored rows, 0 for others.
/// dlogits: [R, V], written, or accumulated when `accumulate`.
void cross_entropy_backward(index_t R, index_t V, const real* logits, const std::int32_t* targets, const real* lse,
                            real scale, real* dlogits, bool accumulate);

/// Σ over scored rows of τ² KL(p || q), p = softmax(teacher/τ), q = softmax(logits/τ).
/// logits, teacher: [R, V]; targets: [R], negative ones are not scored; lse, teacher_lse: [R], written: log Σ exp of
/// the rows divided by τ.   Source: Hinton et al. 2015, "Distilling the Knowledge in a Neural Network".
double divergence_forward(index_t R, index_t V, const real* logits, const real* teacher, const std::int32_t* targets,
                          real temperature, real* lse, real* teacher_lse);

/// dlogits (+)= (q - p) · τ · scale for scored rows, 0 for others.
/// dlogits: [R, V], written, or accumulated when `accumulate`.
void divergence_backward(index_t R, index_t V, const real* logits, const real* teacher, const std::int32_t* targets,
                         real temperature, const real* lse, const real* teacher_lse, real scale, real* dlogits,
                         bool accumulate);

/// Σ (a - b - target)² in double, in order.   a, b, target: [N].
double squared_distance_forward(index_t N, const real* a, const real* b, const real* target);

/// d (+)= (a - b - target) · scale.   d: [N], written, or accumulated when `accumulate`.
void squared_distance_backward(index_t N, const real* a, const real* b, const real* target, real scale, real* d,
                               bool accumulate);

/// y[r] = table[ids[r]].   ids: [R], each below the table's rows; table: [V, C]; y: [R, C], written.
/// Source: torch.nn.Embedding.
void gather_forward(index_t R, index_t C, const std::int32_t* ids, const real* table, real* y);

/// dtable[ids[r]] += dy[r], r in order.   dtable: [V, C], accumulated.
void gather_backward(index_t R, index_t C, const std::int32_t* ids, const real* dy, real* dtable);

}  // namespace qkvbench::kernels
