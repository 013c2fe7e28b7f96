// What several ranks send and hold, by count; that they do is in tests/train.
#include "qkvbench/run/costs.hpp"

#include "support/catch.hpp"

namespace qkvbench::run {

namespace {

Costs costs_with(index_t replicas) {
  Config config;
  config.task.id = "reverse";
  config.train.replicas = replicas;
  resolve(config);
  return count_costs(config, {}, 0);
}

}  // namespace

TEST_CASE("what ranks send and hold follows from the gradient's size and their number") {
  const Costs one = costs_with(1), eight = costs_with(8);
  CHECK(one.ranks.empty());
  const index_t gradient = one.memory.gradients;
  CHECK(gradient == 4 * one.cost.params_total);
  CHECK(eight.memory.gradients == 4 * gradient);  // and a sum of one, of two and of four parts that waits
  CHECK(training_memory(eight.config).gradients == eight.memory.gradients);
  REQUIRE(eight.ranks.size() == 3);
  const std::vector<index_t> sizes{2, 4, 8}, arrays{3, 2, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    const RankCosts& r = eight.ranks[i];
    CHECK(r.ranks == sizes[i]);
    CHECK(r.gradients_bytes == arrays[i] * gradient);
    CHECK(r.sent_bytes_per_step == 2 * (gradient - gradient / sizes[i]));
    CHECK(r.sharded_moments_bytes == one.memory.moments / sizes[i]);
  }
}

}  // namespace qkvbench::run
