// Opens the data of a model's task as the model was trained on them.
#include "qkvbench/run/examples.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"

namespace qkvbench::run {

data::Split unseen_split(const LoadedModel& run) {
  return data::find_task(run.config.task.id).traits().draws_windows ? data::Split::kValidation : data::Split::kTest;
}

std::vector<Batch> first_examples(const LoadedModel& run, data::Split split, const ExamplesRequest& request) {
  data::TaskOptions options = task_options(run);
  const data::Task& task = data::find_task(run.config.task.id);
  const bool text = task.traits().draws_windows;
  if (!request.data.empty()) (text ? options.corpus : options.data) = request.data;
  if (text && options.corpus.empty())
    fail_input(
        "the model has no text of its own to take examples from; name one with --data: a text file, bytes:FILE, "
        "bpe:FILE or a directory with train.bin and val.bin");
  const index_t enough = std::max<index_t>(1, kEnoughPositions / run.model->family().positions());
  if (text)
    options.n_windows = std::max({options.n_windows, request.examples, enough});  // drawn, as many as are wanted
  const auto data = task.open(options)->split(split);
  const index_t n = request.examples > 0 ? request.examples : std::min(data->size(), enough);
  if (n > data->size() || n == 0)
    fail_usage("--examples " + std::to_string(n) + ": there are " + std::to_string(data->size()) +
               " examples; ask for fewer");
  const index_t size = std::max<index_t>(1, run.config.train.micro_batch);
  std::vector<Batch> batches;
  for (index_t from = 0; from < n; from += size) {
    std::vector<index_t> numbers;
    for (index_t i = from; i < std::min(n, from + size); ++i) numbers.push_back(i);
    data->fill(numbers, batches.emplace_back());
  }
  return batches;
}

index_t examples_in(const std::vector<Batch>& batches) {
  index_t n = 0;
  for (const Batch& batch : batches) n += batch.size;
  return n;
}

}  // namespace qkvbench::run
