// The one interface behind which all data stand: numbered examples that fill a batch.
// Never autograd; never files in the hot path.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/base/random.hpp"
#include "qkvbench/tensor/batch.hpp"

namespace qkvbench::data {

enum class Split { kTrain, kValidation, kTest };

/// A finite list of examples. fill() is a pure function of the indices.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual index_t size() const = 0;
  /// Targets of one example (positions that are scored).
  virtual index_t targets_per_example() const = 0;
  /// Makes `batch` hold the given examples, in order. Indices are below size().
  virtual void fill(std::span<const index_t> indices, Batch& batch) const = 0;
};

/// What a task needs to know to make its data.
struct TaskOptions {
  std::string task;
  index_t seq_len = 16, n_train = 10000, n_test = 2000;
  std::uint64_t seed = 0;
};

/// A task: a name, the family of model that it trains, and how its data are made.
struct Task {
  std::string id, family, summary, example;
  std::unique_ptr<Dataset> (*make)(const TaskOptions& options, Split split);
  /// Throws Error (usage) when the options do not fit the task.
  void (*check)(const TaskOptions& options);
};

/// All tasks, in the order of every listing.
std::span<const Task> all_tasks();

/// Throws Error (usage) with the nearest id if there is no such task.
const Task& find_task(const std::string& id);

/// The order in which an epoch visits n examples: a permutation keyed by (seed, epoch).
std::vector<index_t> epoch_order(index_t n, std::uint64_t seed, index_t epoch);

}  // namespace qkvbench::data
