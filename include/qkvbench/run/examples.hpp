// The first examples of a split as batches, for those who look at what a model makes of them.
#pragma once
#include <vector>

#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

struct ExamplesRequest {
  index_t examples = 0;  ///< 0: as many as fill kEnoughPositions, at most all
  std::string data;      ///< folder of the data, or of text another corpus; empty: as trained
};
inline constexpr index_t kEnoughPositions = 2048;

/// The split of the model's task that it was not trained on: test, or of text validation.
data::Split unseen_split(const LoadedModel& run);

/// Examples of the model's task, in batches of its micro-batch.
/// Throws Error: usage when there are not so many, naming the flag --examples; input as the task's data do.
std::vector<Batch> first_examples(const LoadedModel& run, data::Split split, const ExamplesRequest& request);

/// Examples in all of them.
index_t examples_in(const std::vector<Batch>& batches);

}  // namespace qkvbench::run
