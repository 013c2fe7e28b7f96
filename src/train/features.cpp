// One pass over a data set without a backward pass.
// Where the numbers go is the caller's.
#include "qkvbench/train/features.hpp"

namespace qkvbench::train {

Features collect_features(const nn::Model& model, const data::Dataset& data, index_t batch_size) {
  Features out{model.config().d_model, {}, {}};
  Tape tape(false);
  data::for_batches(data, batch_size, [&](const Batch& batch) {
    tape.reset();
    const Value rows = model.features(tape, batch);
    out.values.insert(out.values.end(), rows.data(), rows.data() + rows.shape().elements());
    out.labels.insert(out.labels.end(), batch.targets.begin(), batch.targets.end());
  });
  return out;
}

}  // namespace qkvbench::train
