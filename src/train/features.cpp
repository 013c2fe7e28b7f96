// One pass over a data set without a way back.
// Where the numbers go is the caller's.
#include "qkvbench/train/features.hpp"

#include <algorithm>
#include <numeric>

namespace qkvbench::train {

Features collect_features(const nn::Model& model, const data::Dataset& data, index_t batch_size) {
  Features out{model.config().d_model, {}, {}};
  Tape tape(false);
  Batch batch;
  std::vector<index_t> indices;
  for (index_t begin = 0; begin < data.size(); begin += batch_size) {
    indices.resize(static_cast<std::size_t>(std::min(batch_size, data.size() - begin)));
    std::iota(indices.begin(), indices.end(), begin);
    data.fill(indices, batch);
    tape.reset();
    const Value rows = model.features(tape, batch);
    out.values.insert(out.values.end(), rows.data(), rows.data() + rows.shape().elements());
    out.labels.insert(out.labels.end(), batch.targets.begin(), batch.targets.end());
  }
  return out;
}

}  // namespace qkvbench::train
