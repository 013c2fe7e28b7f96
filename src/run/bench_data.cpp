// Timing data sets.
// Batches are made by the same calls as in training.
#include "qkvbench/run/bench_data.hpp"

#include <numeric>
#include <thread>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"

namespace qkvbench::run {

namespace {

/// The task's recipe; a text gets a step, which it asks for.
Config data_config(const std::string& task, const std::string& folder) {
  Config config;
  if (const Preset* recipe = default_preset(task)) apply_preset(config, *recipe);
  config.task.id = task;
  config.task.data = folder;
  config.task.augment = "none";
  resolve(config);
  return config;
}

std::unique_ptr<data::Dataset> training_data(const Config& config) {
  return data::find_task(config.task.id).open(config.task)->split(data::Split::kTrain);
}

/// Examples a second of batches made one after the other, epoch after epoch, at least a batch.
double batches_per_s(const data::Dataset& data, index_t batch_size, double seconds) {
  Batch batch;
  std::vector<index_t> examples(static_cast<std::size_t>(std::min(batch_size, data.size())));
  const auto count = static_cast<index_t>(examples.size());
  const index_t per_epoch = data.size() / count;
  index_t made = 0;
  const double begin = seconds_now();
  do {
    std::iota(examples.begin(), examples.end(), made % per_epoch * count);
    data.fill_in_epoch(examples, made / per_epoch, batch);
    ++made;
  } while (seconds_now() - begin < seconds);
  return static_cast<double>(made * count) / (seconds_now() - begin);
}

}  // namespace

std::vector<DataSpeed> run_data_bench(const std::string& task, const std::string& folder, double seconds) {
  Config config = data_config(task, folder);
  std::vector<DataSpeed> speeds;
  const double begin = seconds_now();
  auto data = training_data(config);
  const double reading = seconds_now() - begin;
  const bool images = data::find_task(task).traits().images;
  if (images) speeds.push_back({task + ", read", data->size(), static_cast<double>(data->size()) / reading});
  const auto add_batches = [&](const std::string& name) {
    double speed = 0;
    std::thread alone([&] {
      work_alone();
      speed = batches_per_s(*data, config.train.batch_size, seconds);
    });
    alone.join();
    speeds.push_back({name, data->size(), speed});
  };
  add_batches(task + ", batches");
  if (!images) return speeds;
  config.task.augment = "crop-flip";
  data = training_data(config);
  add_batches(task + ", batches augmented");
  return speeds;
}

}  // namespace qkvbench::run
