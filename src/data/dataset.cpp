// Finding tasks and shuffling examples.
// Tasks themselves stand in files of their own.
#include "qkvbench/data/dataset.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/anomaly.hpp"
#include "qkvbench/data/answers.hpp"
#include "qkvbench/data/synthetic.hpp"
#include "qkvbench/data/text.hpp"
#include "qkvbench/data/vision.hpp"

namespace qkvbench::data {

namespace {

class NoExamples : public Dataset {
 public:
  index_t size() const override { return 0; }
  index_t targets_per_example() const override { return 0; }
  void fill(std::span<const index_t>, Batch&) const override { fail_internal("this split has no examples"); }
};

}  // namespace

std::vector<index_t> Dataset::order(std::uint64_t seed, index_t epoch) const {
  return epoch_order(size(), seed, epoch);
}

const FamilyTraits& traits_of(const std::string& family) {
  for (const FamilyTraits& traits : kFamilyTraits)
    if (family == traits.id) return traits;
  fail_internal("there is no family or form " + family);
}

std::unique_ptr<Dataset> no_examples() { return std::make_unique<NoExamples>(); }

std::span<const Task> all_tasks() {
  static const std::vector<Task> tasks = [] {
    std::vector<Task> all;
    for (const auto rows : {synthetic_tasks(), answer_tasks(), text_tasks(), vision_tasks(), anomaly_tasks()})
      all.insert(all.end(), rows.begin(), rows.end());
    return all;
  }();
  return tasks;
}

const Task& find_task(const std::string& id) { return find_row("task", id, all_tasks(), &Task::id); }

void for_batches(const Dataset& data, index_t batch_size, const std::function<void(const Batch& batch)>& f) {
  Batch batch;
  std::vector<index_t> indices;
  for (index_t begin = 0; begin < data.size(); begin += batch_size) {
    indices.resize(static_cast<std::size_t>(std::min(batch_size, data.size() - begin)));
    std::iota(indices.begin(), indices.end(), begin);
    data.fill(indices, batch);
    f(batch);
  }
}

std::vector<index_t> epoch_order(index_t n, std::uint64_t seed, index_t epoch) {
  std::vector<index_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), index_t{0});
  const RandomStream random(seed, Purpose::kShuffle, static_cast<std::uint32_t>(epoch));
  // Fisher and Yates, from the end.
  for (std::size_t i = order.size(); i-- > 1;)
    std::swap(order[i], order[random.below(i, static_cast<std::uint32_t>(i + 1))]);
  return order;
}

}  // namespace qkvbench::data
