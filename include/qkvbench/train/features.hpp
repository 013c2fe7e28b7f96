// What the last layer of a trained model reads of each example, for models of other tasks to learn from.
// Neither training nor files.
#pragma once
#include <vector>

#include "qkvbench/data/dataset.hpp"
#include "qkvbench/nn/model.hpp"

namespace qkvbench::train {

struct Features {
  index_t columns = 0;               ///< d_model
  std::vector<float> values;         ///< [N, columns], in the order of the data
  std::vector<std::int32_t> labels;  ///< [N]
};

/// Runs the model on all of a data set whose examples have one target each, without dropout.
/// Throws Error (usage) when the family has no features of an example as a whole.
Features collect_features(const nn::Model& model, const data::Dataset& data, index_t batch_size);

}  // namespace qkvbench::train
