// The logits of a batch are made once and scored against its targets with all others left out.
// Nothing here knows what a kind is.
#include "qkvbench/train/kinds.hpp"

#include "qkvbench/autograd/loss.hpp"

namespace qkvbench::train {

KindScores evaluate_kinds(const nn::Model& model, const data::Dataset& data, index_t batch_size,
                          std::span<const data::TargetKind> kinds, TapeObserver* watch) {
  KindScores scores{{}, std::vector<kernels::EvalSums>(kinds.size())};
  Tape tape(false);
  tape.watch(watch);
  std::vector<std::int32_t> targets;
  data::for_batches(data, batch_size, [&](const Batch& batch) {
    tape.reset();
    const Value logits = model.forward(tape, batch);
    scores.all += cross_entropy(tape, logits, batch.targets).score;
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      targets = batch.targets;
      for (std::int32_t& target : targets)
        if (target >= 0 && !kinds[k].tokens[static_cast<std::size_t>(target)]) target = kIgnoredTarget;
      scores.by_kind[k] += cross_entropy(tape, logits, targets).score;
    }
  });
  return scores;
}

}  // namespace qkvbench::train
