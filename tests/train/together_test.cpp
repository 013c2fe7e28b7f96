// Several ranks train one model to the bits of a process alone, with the optimizer's state whole or shared out, and end
// together. Ranks are threads here.
#include <atomic>
#include <cmath>
#include <limits>

#include "qkvbench/train/trainer.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/thread_ranks.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

constexpr index_t kSteps = 5;

/// A model of some blocks of the optimizer's, with dropout.
nn::ModelConfig config_of(const std::string& variant) {
  nn::ModelConfig config = tiny_config("gpt", variant);
  config.d_model = 66;
  config.dropout = 0.2;
  return config;
}

/// Batches of 16 of 21 lists, the last of an epoch with 5; AdamW with clipping, some parameters frozen.
train::TrainOptions options_of() {
  train::TrainOptions options{16, 1, kSteps, 1, 1e-3, {"constant", 0, 0, kSteps}, {true, 0.9, 0.99, 1e-8, 0.1, 0.5}, 5};
  options.replicas = 8;
  options.freeze = "blocks.0.mlp.fc_in";
  return options;
}

struct Trained {
  std::vector<real> values, m, v;
  std::vector<double> numbers;  // loss and norm of each step
  bool operator==(const Trained&) const = default;
};

std::vector<real> copy_of(std::span<real> x) { return {x.begin(), x.end()}; }

/// What each rank has behind the steps; moments are rank 0's. Between two of the steps moments are gathered, and half
/// way rank 0 hands over its state, as for a checkpoint and a resumed run.
std::vector<Trained> train_on(int size, bool sharded, const std::string& variant) {
  std::vector<Trained> out(static_cast<std::size_t>(size));
  run_all_ranks(size, [&](Ranks& ranks) {
    nn::Model model(config_of(variant));
    fill_parameters(model, ranks.is_first() ? 3 : 4);  // others begin with rank 0's
    const Lists lists(21, true);
    train::Trainer trainer(model, lists, options_of(), {&ranks, sharded});
    trainer.share_state();
    Trained& trained = out[static_cast<std::size_t>(ranks.rank())];
    while (!trainer.done()) {
      const train::StepReport report = trainer.step();
      trained.numbers.insert(trained.numbers.end(), {report.loss, report.grad_norm});
      if (trainer.state().step == 1) trainer.gather_moments();
      if (trainer.state().step == 3) {
        trainer.gather_moments();
        trainer.share_state();
      }
    }
    trainer.gather_moments();
    trained.values = copy_of(model.parameters().values());
    if (!ranks.is_first()) return;
    trained.m = copy_of(trainer.first_moment());
    trained.v = copy_of(trainer.second_moment());
  });
  return out;
}

}  // namespace

TEST_CASE("any number of ranks trains to the same bits, the optimizer's state whole or shared out", "[train]") {
  for (const char* variant : {"q_kv", "q_k_v+"}) {
    const std::vector<Trained> lone = train_on(1, false, variant);
    REQUIRE(lone[0].values.size() > 4 * train::AllReduce::kBlock);  // else a share would be empty
    for (const int size : {2, 4, 8})
      for (const bool sharded : {false, true}) {
        INFO(variant << ", " << size << " ranks, " << (sharded ? "shared out" : "whole"));
        const std::vector<Trained> trained = train_on(size, sharded, variant);
        CHECK(trained[0] == lone[0]);
        for (const Trained& other : trained) {
          CHECK(other.values == lone[0].values);
          CHECK(other.numbers == lone[0].numbers);
        }
      }
  }
}

TEST_CASE("a rank that is asked to stop stops all at the same step, of which nothing is left", "[train]") {
  std::atomic<int> stopped = 0;
  run_all_ranks(4, [&](Ranks& ranks) {
    nn::Model model(config_of("qk_v"));
    fill_parameters(model, 3);
    const Lists lists(21);
    train::Trainer trainer(model, lists, options_of(), {&ranks, true});
    int left = 400;  // operations: somewhere in a step
    train::StopObserver stop([&] { return ranks.rank() == 2 && --left < 0; }, [] { return 15; });
    trainer.watch(&stop);
    std::vector<real> before;
    try {
      for (;;) {
        before = copy_of(model.parameters().values());
        trainer.step();
      }
    } catch (const train::Stopped& by) {
      if (by.signal != 15) fail_internal("another signal");
      ++stopped;
    }
    Word word;
    word.correct = trainer.state().step;
    if (ranks.agree(word).correct != 4 * trainer.state().step) fail_internal("another step");
    if (copy_of(model.parameters().values()) != before) fail_internal("parameters changed");
    for (const real g : model.parameters().grads())
      if (g != 0) fail_internal("a gradient is left");
  });
  CHECK(stopped == 4);
}

TEST_CASE("a number that is not finite on one rank ends all, with the words of a process alone", "[train]") {
  for (const bool sharded : {false, true}) {
    std::atomic<int> ended = 0;
    run_all_ranks(4, [&](Ranks& ranks) {
      nn::Model model(config_of("q_k_v"));
      fill_parameters(model, 3);
      const Lists lists(21);
      train::Trainer trainer(model, lists, options_of(), {&ranks, sharded});
      trainer.step();
      const nn::Parameter& p = *model.parameters().find("blocks.1.mlp.fc_out.weight");
      if (ranks.rank() == 3) std::fill_n(p.value, p.shape.elements(), std::numeric_limits<real>::max());
      try {
        trainer.step();
      } catch (const Error& error) {
        const std::string what = error.what();
        if (error.status() == Exit::kDiverged && what.starts_with("step 2: the output of linear (blocks.1.mlp.fc_out)"))
          ++ended;
      }
    });
    CHECK(ended == 4);
  }
}

}  // namespace qkvbench::testing
