// A few steps by the trainer as it is, and arithmetic on them.
#include "qkvbench/run/forecast.hpp"

#include <algorithm>

#include "qkvbench/base/profile.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/kernels/peak.hpp"
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::run {

namespace {

constexpr double kSeconds = 1, kMostSeconds = 8;  // of the steps that are timed; of four steps as they are
constexpr index_t kLeastSteps = 2;

/// Of one step.
struct StepTime {
  double products_s, optimizer_s;
};

/// The least of some steps behind a first one, which takes the memory.
StepTime time_steps(const Config& config, const data::Dataset& data) {
  nn::Model model(config.model);
  model.parameters().allocate();
  model.parameters().initialise(config.train.seed);
  train::TrainOptions options = config.train;
  options.total_steps =
      std::max<index_t>(options.total_steps, index_t{1} << 40);  // a short run may be timed for longer
  train::Trainer trainer(model, data, options);
  trainer.step();
  StepTime least{1e300, 0};
  const double end = seconds_now() + kSeconds;
  for (index_t i = 0; i < kLeastSteps || seconds_now() < end; ++i) {
    Profile profile;
    const double begin = seconds_now();
    trainer.step();
    const double all_s = seconds_now() - begin;
    const double optimizer_s = profile.seconds()[static_cast<std::size_t>(Part::kOptimizer)];
    if (all_s - optimizer_s < least.products_s) least = {all_s - optimizer_s, optimizer_s};
  }
  return least;
}

/// The same of a model of so many layers, and of the whole batch by a part of it.
StepTime time_part(Config config, index_t layers, index_t examples, const data::Dataset& data) {
  const double parts = static_cast<double>(config.train.batch_size) / static_cast<double>(examples);
  config.model.layers = layers;
  config.train.replicas = 1;
  config.train.batch_size = config.train.micro_batch = examples;
  StepTime time = time_steps(config, data);
  time.products_s *= parts;
  return time;
}

}  // namespace

Forecast forecast(const Config& config) {
  const auto data = data::find_task(config.task.id).open(config.task)->split(data::Split::kTrain);
  const double flop_per_s = kernels::measure_fma_peak_gflops(0.05) * 1e9 / 2;  // training reaches about half of it
  const auto seconds_of = [&](index_t layers) {
    Config part = config;
    part.model.layers = layers;
    return 6 * static_cast<double>(nn::count_cost(nn::Model(part.model)).macs_forward) / flop_per_s;
  };
  const index_t layers = config.model.layers;
  StepTime step{};
  const double whole_s = seconds_of(layers) * static_cast<double>(config.train.batch_size);
  const bool by_layers = 4 * whole_s > kMostSeconds && layers > 2;
  if (by_layers) {
    const index_t most = std::min(config.train.micro_batch, config.train.batch_size);
    const auto examples = std::clamp(static_cast<index_t>(kSeconds / seconds_of(2)), index_t{1}, most);
    const StepTime one = time_part(config, 1, examples, *data), two = time_part(config, 2, examples, *data);
    const auto more = static_cast<double>(layers - 1);
    step = {one.products_s + more * (two.products_s - one.products_s),
            one.optimizer_s + more * (two.optimizer_s - one.optimizer_s)};
  } else {
    step = time_steps(config, *data);
  }
  const train::TrainOptions& train = config.train;
  const index_t part = train.batch_size / train.replicas;
  const index_t micro_batches = train.replicas * train::steps_per_epoch(part, std::min(train.micro_batch, part));
  constexpr double kBackward = 2.0 / 3;  // of a step's products
  return {step.products_s + step.optimizer_s, step.optimizer_s,
          kBackward * step.products_s / static_cast<double>(micro_batches), config.train.total_steps, by_layers};
}

std::vector<RankForecast> rank_forecasts(const Costs& costs, const Forecast& alone, double bits_per_s) {
  const nn::TrainingMemory& m = costs.memory;
  std::vector<RankForecast> out{
      {.memory_bytes = m.total(), .sharded_memory_bytes = m.total(), .step_s = alone.step_s, .steps = alone.steps}};
  for (const RankCosts& r : costs.ranks) {
    RankForecast rank{.ranks = r.ranks, .sent_bytes_per_step = r.sent_bytes_per_step, .steps = alone.steps};
    rank.memory_bytes = m.total() - m.gradients + r.gradients_bytes;
    rank.sharded_memory_bytes = rank.memory_bytes - m.moments + r.sharded_moments_bytes;
    const double send_s = 8 * static_cast<double>(r.sent_bytes_per_step) / bits_per_s;
    const index_t elements = m.parameters / static_cast<index_t>(sizeof(real));
    const auto bucket = static_cast<double>(std::min(train::AllReduce::bucket_size(elements, r.ranks), elements));
    rank.wait_s = std::max(send_s - alone.last_backward_s, send_s * bucket / static_cast<double>(elements));
    rank.step_s = (alone.step_s - alone.optimizer_s) / static_cast<double>(r.ranks) + alone.optimizer_s + rank.wait_s;
    out.push_back(rank);
  }
  return out;
}

}  // namespace qkvbench::run
