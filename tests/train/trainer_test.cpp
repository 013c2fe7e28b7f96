// What a step does with memory: micro-batches add up to the batch, recomputation changes no bit.
// Runs as a whole are in tests/cli.
#include "qkvbench/train/trainer.hpp"

#include <cmath>
#include <functional>
#include <numeric>

#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

struct Trained {
  std::vector<real> values;
  std::vector<double> losses;
  std::size_t activation_bytes;
};

/// Four steps of batches of 4 (the last of an epoch has 1). With an ε of 1 Adam does not turn rounding into steps.
Trained train(const std::string& family, index_t micro_batch, bool recompute, real dropout,
              kernels::NumberFormat precision = kernels::NumberFormat::kFp32) {
  nn::ModelConfig config = tiny_config(family, "q_k_v+");
  config.dropout = dropout;
  config.recompute = recompute;
  nn::Model model(config);
  fill_parameters(model, 3);
  const Lists lists;
  train::TrainOptions options{4, micro_batch, 4, 1, 1e-2, {"constant", 0, 0, 4}, {true, 0.9, 0.99, 1, 0.1, 1}, 5};
  options.precision = precision;
  train::Trainer trainer(model, lists, options);
  Trained out;
  while (!trainer.done()) out.losses.push_back(trainer.step().loss);
  out.values.assign(model.parameters().values().begin(), model.parameters().values().end());
  out.activation_bytes = trainer.peak_activation_bytes();
  return out;
}

}  // namespace

TEST_CASE("recomputed blocks give the same bits with less memory, with and without dropout", "[train]") {
  for (const char* family : {"encoder", "gpt"})
    for (const real dropout : {real{0}, static_cast<real>(0.3)}) {
      const Trained kept = train(family, 4, false, dropout), again = train(family, 4, true, dropout);
      CHECK(kept.values == again.values);
      CHECK(kept.losses == again.losses);
      CHECK(again.activation_bytes < kept.activation_bytes);
    }
}

TEST_CASE("steps in bf16 are near those in fp32, and the same bits when blocks are recomputed", "[train][bf16]") {
  constexpr auto kBf16 = kernels::NumberFormat::kBf16;
  for (const char* family : {"encoder", "gpt"}) {
    const Trained fp32 = train(family, 4, false, 0), bf16 = train(family, 4, false, 0, kBf16);
    // Eight bits of fraction: some thousandths of what is summed.
    CHECK(max_difference(bf16.values, fp32.values) <= 2e-3);
    CHECK(bf16.values != fp32.values);
    for (std::size_t i = 0; i < fp32.losses.size(); ++i)
      CHECK(std::abs(bf16.losses[i] - fp32.losses[i]) <= 1e-2 * fp32.losses[i]);
    const Trained again = train(family, 4, true, 0, kBf16);
    CHECK(again.values == bf16.values);
    CHECK(again.losses == bf16.losses);
  }
}

TEST_CASE("micro-batches add up to the batch", "[train]") {
  const Trained whole = train("gpt", 4, false, 0);
  for (const index_t micro_batch : {1, 2, 3}) {
    const Trained parts = train("gpt", micro_batch, false, 0);
    CHECK(max_difference(parts.values, whole.values) <= 1e-6);
    for (std::size_t i = 0; i < whole.losses.size(); ++i)
      CHECK(std::abs(parts.losses[i] - whole.losses[i]) <= 1e-5 * whole.losses[i]);
    CHECK(parts.activation_bytes < whole.activation_bytes);
  }
}

TEST_CASE("micro-batches have at most 4,096 positions and nearly one size", "[train]") {
  CHECK(train::micro_batch_in_cache(128, 16) == 128);
  CHECK(train::micro_batch_in_cache(128, 50) == 64);  // 81 fit; 81 and 47 would be uneven
  CHECK(train::micro_batch_in_cache(128, 128) == 32);
  CHECK(train::micro_batch_in_cache(100, 1000) == 4);
  CHECK(train::micro_batch_in_cache(8, 5000) == 1);
}

/// The parameters after steps on `data` whose batches hold all of it.
std::vector<real> trained_on(const Lists& data, index_t micro_batch, real dropout, index_t steps,
                             const std::function<void(train::Trainer&)>& before_last = {}) {
  nn::ModelConfig config = tiny_config("gpt", "q_k_v");
  config.dropout = dropout;
  nn::Model model(config);
  fill_parameters(model, 3);
  train::Trainer trainer(
      model, data,
      {data.size(), micro_batch, steps, 1, 1e-2, {"constant", 0, 0, steps}, {true, 0.9, 0.99, 1, 0.1, 1}, 5});
  while (!trainer.done()) {
    if (before_last && trainer.state().step == steps - 1) before_last(trainer);
    trainer.step();
  }
  return {model.parameters().values().begin(), model.parameters().values().end()};
}

nn::ModelConfig without_dropout() {
  nn::ModelConfig config = tiny_config("gpt", "q_k_v");
  config.dropout = 0;
  return config;
}

/// The gradient's norm of the mean loss over all scored targets of `data`, without a Trainer.
double norm_of_mean_loss(const Lists& data) {
  nn::Model model(without_dropout());
  fill_parameters(model, 3);
  std::vector<index_t> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), index_t{0});
  Batch batch;
  data.fill(all, batch);
  Tape tape;
  tape.reset();
  tape.backward(cross_entropy(tape, model.forward(tape, batch), batch.targets).mean_nats);
  double squares = 0;
  for (const real g : model.parameters().grads()) squares += static_cast<double>(g) * static_cast<double>(g);
  return std::sqrt(squares);
}

TEST_CASE("no two micro-batches of a step share a dropout mask", "[train]") {
  // With the same masks, two lists that are alike would get the same gradient twice: that of one of them.
  const Lists one(1, false, true), two(2, false, true);
  CHECK(trained_on(two, 1, 0, 1) == trained_on(one, 1, 0, 1));
  CHECK(trained_on(two, 1, static_cast<real>(0.5), 1) != trained_on(one, 1, static_cast<real>(0.5), 1));
}

TEST_CASE("a step's gradient is of the mean over its scored targets, however they lie in micro-batches", "[train]") {
  const Lists data(9, true);
  const std::vector<real> whole = trained_on(data, 9, 0, 2);
  for (const index_t micro_batch : {1, 2, 4}) CHECK(max_difference(trained_on(data, micro_batch, 0, 2), whole) <= 1e-6);
  const double norm = norm_of_mean_loss(data);
  for (const index_t micro_batch : {1, 2, 4, 9}) {
    nn::Model model(without_dropout());
    fill_parameters(model, 3);
    train::Trainer trainer(model, data, {9, micro_batch, 1, 1, 1e-2, {"constant", 0, 0, 1}, {}, 5});
    CHECK(std::abs(trainer.step().grad_norm - norm) <= 1e-5 * norm);
  }
}

TEST_CASE("a step that was stopped anywhere can be taken again to the same bits", "[train]") {
  const Lists data(4);
  const std::vector<real> undisturbed = trained_on(data, 2, static_cast<real>(0.3), 3);
  for (const int asks : {1, 30, 60, 90}) {
    const auto stopped_once = [&](train::Trainer& trainer) {
      int left = asks;
      train::StopObserver stop([&left] { return --left == 0; });
      trainer.watch(&stop);
      CHECK_THROWS_AS(trainer.step(), train::Stopped);
      trainer.watch(nullptr);
    };
    CHECK(trained_on(data, 2, static_cast<real>(0.3), 3, stopped_once) == undisturbed);
  }
}

}  // namespace qkvbench::testing
