// What is counted in a forecast, on numbers that were written down; what is timed has no right value.
#include "qkvbench/run/forecast.hpp"

#include "support/catch.hpp"

namespace qkvbench::testing {

TEST_CASE("a rank takes its share of a step, the optimizer whole, and sends behind it", "[forecast]") {
  run::Costs costs{};
  costs.memory = {.parameters = 100, .gradients = 300, .moments = 200, .activations = 1000};
  costs.ranks = {{2, 100, 200, 100}, {4, 150, 100, 50}};
  const run::Forecast alone{.step_s = 9, .optimizer_s = 1, .steps = 10};
  const auto ranks = run::rank_forecasts(costs, alone, 400);
  REQUIRE(ranks.size() == 3);
  CHECK(ranks[0].step_s == 9);
  CHECK(ranks[0].total_s() == 90);
  CHECK(ranks[0].memory_bytes == 1600);
  CHECK(ranks[0].waiting() == 0);
  CHECK(ranks[1].memory_bytes == 1500);  // one array of gradients less
  CHECK(ranks[1].sharded_memory_bytes == 1400);
  CHECK(ranks[1].wait_s == 2);  // 800 bits
  CHECK(ranks[1].step_s == 4 + 1 + 2);
  CHECK(ranks[2].step_s == 2 + 1 + 3);
  CHECK(ranks[2].waiting() == 0.5);
  CHECK(ranks[2].sharded_memory_bytes == 1600 - 200 - 150);
  CHECK(ranks[2].total_s() == 60);
}

TEST_CASE("what is sent hides behind the last backward pass, but for the last bucket", "[forecast]") {
  constexpr index_t kBytes = 4 * 32 * (index_t{64} << 14);  // 32 buckets of 64 blocks
  run::Costs costs{};
  costs.memory.parameters = kBytes;
  costs.ranks = {{2, kBytes, 0, 0}};
  const auto waits = [&](double last_backward_s) {
    return run::rank_forecasts(costs, {.step_s = 9, .last_backward_s = last_backward_s}, 8.0 * kBytes / 4)[1].wait_s;
  };
  CHECK(waits(0) == 4);
  CHECK(waits(1.5) == 2.5);
  CHECK(waits(100) == 4.0 / 32);
}

TEST_CASE("a layer takes what two layers take more than one, as far as its multiply-adds bear it out", "[forecast]") {
  const auto products_s = [](double two_s) { return run::of_layers({4, 1}, {two_s, 1.5}, 0.5, 10).products_s; };
  CHECK(products_s(6.5) == 4 + 10 * 2.5);
  CHECK(products_s(1) == 4 + 10 * 1);   // the host was busy while one layer was timed
  CHECK(products_s(40) == 4 + 10 * 4);  // or two
  CHECK(run::of_layers({4, 1}, {6, 1.5}, 0.5, 10).optimizer_s == 1 + 10 * 0.5);
  CHECK(run::of_layers({4, 1}, {6, 0.5}, 0.5, 10).optimizer_s == 1);
}

TEST_CASE("a forecast has the run's steps and a time", "[forecast]") {
  run::Config config;
  config.task.id = "reverse";
  config.model.d_model = 16;
  config.model.layers = 1;
  config.model.heads = 2;
  config.steps = 7;
  run::resolve(config);
  const run::Forecast found = run::forecast(config);
  CHECK(found.steps == 7);
  CHECK(found.step_s > 0);
  CHECK(found.optimizer_s > 0);
  CHECK(found.optimizer_s < found.step_s);
  CHECK_FALSE(found.by_layers);
}

}  // namespace qkvbench::testing
