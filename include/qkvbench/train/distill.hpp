// Learning from another model: its logits, and what its attention adds in each layer, beside the targets.
// Knows neither files nor how the teacher came about.
#pragma once
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::train {

class Teacher {
 public:
  /// Throws Error (usage) when the two do not take the same batches, or layers are to be compared and their numbers
  /// differ or the student recomputes its activations.
  Teacher(const nn::Model& teacher, const nn::Model& student, const DistillOptions& options);

  /// Forward pass of the student on `tape` and of the teacher on a tape of its own.
  ///   (1 - λ)·CE + λτ² KL(softmax(t/τ) || softmax(s/τ)) + μ Σ_layers |a_t - a_s|²/(BTd), means over scored rows, with
  ///   a what attention adds to the residual. The score is that of CE. Numbers of the teacher are valid until the next
  ///   call.
  /// Source: Hinton et al. 2015; matching of layers as in Jiao et al., EMNLP Findings 2020.
  Loss loss(Tape& tape, const nn::Model& student, const Batch& batch);

 private:
  const nn::Model& model_;
  DistillOptions options_;
  Tape tape_{false};
  std::vector<std::vector<real>> added_;  // by layer: what the teacher's attention adds
};

}  // namespace qkvbench::train
