// Scores by the kind of target, in one pass over the data; evaluate() is this without kinds.
// Which targets are of which kind, the task says.
#pragma once
#include <span>

#include "qkvbench/train/trainer.hpp"

namespace qkvbench::train {

struct KindScores {
  kernels::EvalSums all;                   ///< as evaluate() has it, to the bit
  std::vector<kernels::EvalSums> by_kind;  ///< in the order of the kinds
};

/// Scores a model on all of a data set, and on the targets of each kind alone.   Throws as evaluate().
KindScores evaluate_kinds(const nn::Model& model, const data::Dataset& data, index_t batch_size,
                          std::span<const data::TargetKind> kinds, TapeObserver* watch = nullptr);

}  // namespace qkvbench::train
