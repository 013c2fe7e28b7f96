// A trained model's scores on the splits of a task's data, as it is or with keys and values in each other's place.
// Writes nothing.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/run/record.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

/// Kinds and padding are scored only when not cached.
struct SplitScores : Scores {
  index_t cache_bytes = 0;  ///< of a micro-batch, when cached
};

/// The score itself. Throws Error (diverged) when its loss is not finite.
const kernels::EvalSums& finite(const kernels::EvalSums& score);

/// Scores both splits, `batch_size` examples at a time; `cached`: of text, one token after the other through a decoding
/// cache in that format; `watch` sees every operation else. Throws Error (diverged) when a loss is not finite.
SplitScores score_splits(const nn::Model& model, data::TaskData& data, index_t batch_size,
                         std::optional<kernels::NumberFormat> cached = {}, TapeObserver* watch = nullptr);

/// One change of keys or values, see run/surgery, in a layer or in all.
struct Intervention {
  std::optional<index_t> layer;  ///< none: in all
  bool of_keys = false;          ///< keys become values; else values become (1 - alpha) V + alpha K
  double alpha = 1;
};

/// What `--blend` asks for: each α in all layers at once, or in each alone.
std::vector<Intervention> blends(const std::vector<double>& alphas, index_t layers, bool each_layer);
/// What `--swap` asks for: V = K and K = V, in each layer alone and in all.
std::vector<Intervention> swaps(index_t layers);

/// The model's scores under each change; the model is as before when it is through.
/// Throws Error (usage) unless K and V are two projections of one width.
std::vector<SplitScores> score_interventions(nn::Model& model, data::TaskData& data, index_t batch_size,
                                             const std::vector<Intervention>& interventions);

}  // namespace qkvbench::run
