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

/// A model of its own that is trained on for its times, of which the least counts.
class TimedSteps {
 public:
  TimedSteps(const Config& config, const data::Dataset& data)
      : model_(config.model), trainer_(begun(config), data, endless(config.train)) {
    trainer_.step();  // takes the memory
  }
  void step() {
    Profile profile;
    const double begin = seconds_now();
    trainer_.step();
    const double all_s = seconds_now() - begin;
    const double optimizer_s = profile.seconds()[static_cast<std::size_t>(Part::kOptimizer)];
    if (all_s - optimizer_s < least_.products_s) least_ = {all_s - optimizer_s, optimizer_s};
  }
  const StepTime& least() const { return least_; }

 private:
  nn::Model& begun(const Config& config) {
    model_.parameters().allocate();
    model_.parameters().initialise(config.train.seed);
    return model_;
  }
  /// A short run may be timed for longer.
  static train::TrainOptions endless(train::TrainOptions options) {
    options.total_steps = std::max<index_t>(options.total_steps, index_t{1} << 40);
    return options;
  }

  nn::Model model_;
  train::Trainer trainer_;
  StepTime least_{1e300, 0};
};

/// The same of so many layers and examples.
Config part_of(Config config, index_t layers, index_t examples) {
  config.model.layers = layers;
  config.train.replicas = 1;
  config.train.batch_size = config.train.micro_batch = examples;
  return config;
}

/// Steps all of them in turn, for so many seconds each.
void time_in_turn(std::initializer_list<TimedSteps*> all) {
  const double end = seconds_now() + kSeconds * static_cast<double>(all.size());
  for (index_t i = 0; i < kLeastSteps || seconds_now() < end; ++i)
    for (TimedSteps* const steps : all) steps->step();
}

}  // namespace

StepTime of_layers(const StepTime& one, const StepTime& two, double layer_share, index_t more) {
  // On a busy host the difference of two times may be anything; by its multiply-adds a layer is known to a factor of
  // two.
  const double expected = one.products_s * layer_share;
  const double layer = std::clamp(two.products_s - one.products_s, expected / 2, expected * 2);
  const double optimizer = std::clamp(two.optimizer_s - one.optimizer_s, 0.0, one.optimizer_s);
  return {one.products_s + static_cast<double>(more) * layer, one.optimizer_s + static_cast<double>(more) * optimizer};
}

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
    TimedSteps one(part_of(config, 1, examples), *data), two(part_of(config, 2, examples), *data);
    time_in_turn({&one, &two});
    step = of_layers(one.least(), two.least(), seconds_of(2) / seconds_of(1) - 1, layers - 1);
    step.products_s *= static_cast<double>(config.train.batch_size) / static_cast<double>(examples);
  } else {
    TimedSteps whole(config, *data);
    time_in_turn({&whole});
    step = whole.least();
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
