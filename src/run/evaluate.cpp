// Passes over the splits of a task's data.
// A change is made in the weights and taken back from a copy of them.
#include "qkvbench/run/evaluate.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/run/surgery.hpp"
#include "qkvbench/train/generate.hpp"
#include "qkvbench/train/kinds.hpp"

namespace qkvbench::run {

const kernels::EvalSums& finite(const kernels::EvalSums& score) {
  if (!std::isfinite(score.loss_nats))
    throw Error(Exit::kDiverged, "the loss is not finite: numbers in the model overflow");
  return score;
}

SplitScores score_splits(const nn::Model& model, data::TaskData& data, index_t batch_size,
                         std::optional<kernels::NumberFormat> cached, TapeObserver* watch) {
  SplitScores scores;
  const auto score = [&](data::Split split) {
    const auto examples = data.split(split);
    if (cached && examples->size() > 0) {
      const train::DecodedScore decoded = train::evaluate_decoding(model, *examples, batch_size, *cached);
      scores.cache_bytes = decoded.cache_bytes;
      return finite(decoded.score);
    }
    const auto kinds = split == data::Split::kValidation ? data.kinds() : std::vector<data::TargetKind>{};
    const train::KindScores found = train::evaluate_kinds(model, *examples, batch_size, kinds, watch);
    for (std::size_t k = 0; k < kinds.size(); ++k) scores.validation_kinds.push_back({kinds[k].name, found.by_kind[k]});
    return finite(found.all);
  };
  scores.validation = score(data::Split::kValidation);
  scores.test = score(data::Split::kTest);
  if (cached) return scores;
  if (const auto padding = data.padding()) scores.padding = finite(train::evaluate(model, *padding, batch_size, watch));
  return scores;
}

std::vector<Intervention> blends(const std::vector<double>& alphas, index_t layers, bool each_layer) {
  std::vector<Intervention> out;
  if (!each_layer)
    for (const double alpha : alphas) out.push_back({std::nullopt, false, alpha});
  for (index_t layer = 0; each_layer && layer < layers; ++layer)
    for (const double alpha : alphas) out.push_back({layer, false, alpha});
  return out;
}

std::vector<Intervention> swaps(index_t layers) {
  std::vector<Intervention> out;
  for (const bool of_keys : {false, true}) {
    for (index_t layer = 0; layer < layers; ++layer) out.push_back({layer, of_keys, 1});
    out.push_back({std::nullopt, of_keys, 1});
  }
  return out;
}

std::vector<SplitScores> score_interventions(nn::Model& model, data::TaskData& data, index_t batch_size,
                                             const std::vector<Intervention>& interventions) {
  const std::span<real> values = model.parameters().values();
  const std::vector<real> before(values.begin(), values.end());
  std::vector<SplitScores> scores;
  for (const Intervention& change : interventions) {
    const index_t block = change.layer.value_or(-1);
    if (change.of_keys)
      keys_from_values(model, block);
    else
      blend_values(model, change.alpha, block);
    scores.push_back(score_splits(model, data, batch_size));
    std::ranges::copy(before, values.begin());
  }
  return scores;
}

}  // namespace qkvbench::run
