// The authors' later runs by configuration: all of them are found, and nothing else is taken for theirs.
#include "qkvbench/study/rerun.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "qkvbench/study/grid.hpp"
#include "support/catch.hpp"
#include "support/results.hpp"

namespace qkvbench::study {

TEST_CASE("every configuration of Table 1 was run again, and the means are those that the authors' files have",
          "[rerun]") {
  std::map<std::string, std::pair<double, int>> sums;
  for (const run::Config& config : expand(find_grid("table1"))) {
    if (config.task.seed != 0) continue;
    const std::vector<double> values = rerun_accuracies(config);
    REQUIRE(values.size() == 3);
    for (const double value : values) {
      auto& [sum, n] = sums[config.task.id + " " + config.model.variant.id()];
      sum += value, ++n;
    }
  }
  const std::map<std::string, double> published{{"reverse q_k_v", .529}, {"reverse qkv+", .370}, {"sort q_kv", .747},
                                                {"sub qk_v+", .993},     {"swap qkv", .307},     {"copy qkv+", .990}};
  for (const auto& [cell, expected] : published) {
    INFO(cell);
    CHECK(sums.at(cell).second == 108);
    CHECK(std::abs(sums.at(cell).first / 108 - expected) <= .0005);
  }
}

TEST_CASE("Table 2 was run again once a configuration, at its smallest sizes and whole length", "[rerun]") {
  std::size_t found = 0;
  for (const run::Config& config : expand(find_grid("table2-minimal"))) {
    CHECK(rerun_accuracies(config).size() == 1);
    ++found;
  }
  CHECK(found == 288);
  for (const char* grid : {"table2-short", "table2-least"})
    for (const run::Config& config : expand(find_grid(grid))) CHECK(rerun_accuracies(config).empty());
}

TEST_CASE("another training, head sharing or task is not the authors', another seed is", "[rerun]") {
  const run::Config theirs = expand(find_grid("table1-least")).front();
  const std::vector<double> values = rerun_accuracies(theirs);
  CHECK(values.size() == 3);
  const auto changed = [&](auto&& change) {
    run::Config config = theirs;
    change(config);
    config.train.log_every = config.train.micro_batch = 0;
    run::resolve(config);
    return rerun_accuracies(config);
  };
  CHECK(changed([](run::Config& c) { c.task.seed = 77; }) == values);
  CHECK(changed([](run::Config& c) { c.epochs = 3; }).empty());
  CHECK(changed([](run::Config& c) { c.train.lr = 2e-3; }).empty());
  CHECK(changed([](run::Config& c) { c.task.n_train = 9999; }).empty());
  CHECK(changed([](run::Config& c) { c.model.d_model = 48; }).empty());
  CHECK(changed([](run::Config& c) { c.model.kv_heads = 1; }).empty());
  CHECK(changed([](run::Config& c) { c.model.variant = nn::parse_variant("qv_k"); }).empty());
  CHECK(rerun_accuracies(testing::config_of("lm", "q_k_v")).empty());
  CHECK(rerun_accuracies(testing::config_of("anomaly", "q_k_v")).empty());
}

}  // namespace qkvbench::study
