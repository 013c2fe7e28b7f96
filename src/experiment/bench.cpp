// The benchmark's cases and their timing.
// Uses the trainer as it is: what is timed is what a run does.
#include "qkvbench/experiment/bench.hpp"

#include <algorithm>
#include <array>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/experiment/config.hpp"

namespace qkvbench::experiment {

namespace {

constexpr std::array<BenchCase, 4> kCases{{
    {"encoder-d32-l2-t16", "encoder", 32, 2, 2, 16, 128},
    {"encoder-d64-l2-t64", "encoder", 64, 2, 2, 64, 128},
    {"encoder-d64-l4-t128", "encoder", 64, 4, 4, 128, 128},
    {"encoder-d256-l4-t128", "encoder", 256, 4, 4, 128, 128},
}};

Config config_of(const BenchCase& c) {
  Config config;
  config.d_model = c.d_model;
  config.layers = c.layers;
  config.heads = c.heads;
  config.seq_len = c.seq_len;
  config.batch_size = c.batch_size;
  config.n_train = c.batch_size * 8;
  config.steps = 1 << 20;  // never reached: the clock stops first
  config.schedule = "constant";
  resolve(config);
  return config;
}

}  // namespace

std::span<const BenchCase> bench_cases() { return kCases; }

const BenchCase& find_bench_case(const std::string& name) {
  std::vector<std::string> names;
  for (const BenchCase& c : kCases) {
    if (name == c.name) return c;
    names.emplace_back(c.name);
  }
  fail_usage(unknown_name("case", name, names));
}

double training_flop(const BenchCase& c) {
  const auto d = static_cast<double>(c.d_model), layers = static_cast<double>(c.layers),
             T = static_cast<double>(c.seq_len);
  return static_cast<double>(c.batch_size) * T * (6 * 12 * d * d * layers + 12 * layers * T * d);
}

BenchResult run_bench_case(const BenchCase& c, double seconds, double peak_gflops) {
  const Config config = config_of(c);
  nn::Model model(model_config(config));
  model.parameters().allocate();
  model.parameters().initialise(config.seed);
  const auto data = data::find_task(config.task).make(task_options(config), data::Split::kTrain);
  train::Trainer trainer(model, *data, train_options(config));
  trainer.step();
  trainer.step();  // the arena has its final size after the second
  const std::size_t allocations = trainer.tape_allocations();

  std::vector<double> ms;
  const double end = seconds_now() + seconds;
  while (ms.size() < 3 || seconds_now() < end) {
    const double begin = seconds_now();
    trainer.step();
    ms.push_back((seconds_now() - begin) * 1e3);
  }
  std::ranges::sort(ms);
  const double median = ms[ms.size() / 2];
  const double gflops = training_flop(c) / median * 1e-6;
  return {c.name,
          c.family,
          static_cast<index_t>(ms.size()),
          median,
          ms.front(),
          ms.back(),
          static_cast<double>(c.batch_size * c.seq_len) / median * 1e3,
          gflops,
          gflops / peak_gflops,
          static_cast<std::int64_t>(trainer.peak_activation_bytes()),
          static_cast<index_t>(trainer.tape_allocations() - allocations)};
}

}  // namespace qkvbench::experiment
