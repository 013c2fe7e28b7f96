// Cells, intervals and differences of made-up records against numbers computed by hand.
// The statistics themselves are tested beside their source.
#include "qkvbench/report/summary.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/report/mean_interval.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/results.hpp"

namespace qkvbench::report {

using run::Config;
using run::Record;
using testing::check_error;
using testing::config_of;

namespace {

Record record_of(const Config& config, std::optional<double> value, const std::string& build = "build") {
  Record record;
  record.config = config;
  record.run = run_name(config);
  record.build = build;
  record.status = value ? run::Status::kCompleted : run::Status::kDiverged;
  if (value) record.metrics.set(metric_of(config.task.id).key, *value);
  return record;
}

/// One record for each value, with seeds from 0.
void add(std::vector<Record>& records, const std::string& task, const std::string& variant,
         const std::vector<std::optional<double>>& values, index_t heads = 4, index_t kv_heads = 0) {
  for (std::size_t seed = 0; seed < values.size(); ++seed)
    records.push_back(record_of(config_of(task, variant, seed, heads, kv_heads), values[seed]));
}

bool close(const std::optional<double>& value, double expected) {
  return value && std::abs(*value - expected) <= 1e-12;
}

std::vector<std::string> names_of(const std::vector<Arm>& arms) {
  std::vector<std::string> names;
  for (const Arm& arm : arms) names.push_back(arm.name());
  return names;
}

const Arm kPlain{"q_k_v", 0}, kQkv{"qkv", 0};

SummaryOptions options_with(bool SummaryOptions::*flag) {
  SummaryOptions options;
  options.*flag = true;
  return options;
}

}  // namespace

TEST_CASE("a cell of one configuration has mean, deviation, t interval and share solved") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {0.9, 0.995, 1.0});
  const Summary summary = summarize(records);
  REQUIRE(summary.cells.size() == 1);
  const Cell& cell = *summary.cell("reverse", kPlain);
  CHECK(cell.expected == 3);
  CHECK(cell.missing() == 0);
  CHECK(cell.configurations == 1);
  CHECK(close(cell.mean, 0.965));
  CHECK(close(cell.deviation, std::sqrt((0.065 * 0.065 + 0.03 * 0.03 + 0.035 * 0.035) / 2)));
  const std::vector<double> seeds{0.9, 0.995, 1.0};
  const Interval expected = *mean_interval(seeds, population_of_values("reverse"));
  CHECK(close(cell.interval->low, expected.low));
  CHECK(close(cell.interval->high, expected.high));
  CHECK(close(cell.solved, 2.0 / 3));
  CHECK(cell.solved_runs == 2);
  CHECK(cell.samples[1].seed == 1);
  CHECK(cell.samples[1].record == &records[1]);
  CHECK(summary.differences.empty());
  CHECK_FALSE(summary.averages_incomplete);
  CHECK(summary.builds == std::vector<std::string>{"build"});
}

TEST_CASE("several configurations have an interval over the means of configurations") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {0.2, 0.2, 0.2}, 2);
  add(records, "reverse", "q_k_v", {1.0, 1.0, 1.0}, 4);
  const Summary summary = summarize(records);
  const Cell& cell = *summary.cell("reverse", kPlain);
  CHECK(cell.configurations == 2);
  CHECK(close(cell.mean, 0.6));
  const std::vector<double> configurations{0.2, 1.0};
  const Interval expected = *mean_interval(configurations, population_of_values("reverse"));
  CHECK(close(cell.interval->low, expected.low));
  CHECK(close(cell.interval->high, expected.high));
  CHECK(cell.interval->low < 0.2);
  CHECK(cell.samples[0].configuration != cell.samples[3].configuration);
}

TEST_CASE("an average over missing runs is refused, or made when asked for and marked") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {0.9, 1.0, 0.8});
  add(records, "reverse", "qkv", {0.5, std::nullopt, 0.7});  // seed 1 diverged
  add(records, "reverse", "q_kv", {0.6});                    // two are not there
  const Summary strict = summarize(records);
  CHECK(strict.cell("reverse", kPlain)->mean);
  for (const char* variant : {"qkv", "q_kv"}) {
    const Cell& cell = *strict.cell("reverse", {variant, 0});
    CHECK(cell.expected == 3);
    CHECK(cell.missing() == (std::string(variant) == "qkv" ? 1 : 2));
    CHECK_FALSE(cell.mean);
    CHECK_FALSE(cell.deviation);
    CHECK_FALSE(cell.interval);
    CHECK_FALSE(cell.solved);
  }
  CHECK_FALSE(strict.averages_incomplete);
  const Summary lenient = summarize(records, options_with(&SummaryOptions::allow_missing));
  CHECK(lenient.averages_incomplete);
  CHECK(close(lenient.cell("reverse", kQkv)->mean, 0.6));
  CHECK(lenient.cell("reverse", kQkv)->missing() == 1);
  const Cell& one = *lenient.cell("reverse", {"q_kv", 0});
  CHECK(close(one.mean, 0.6));
  CHECK_FALSE(one.deviation);
  CHECK_FALSE(one.interval);
}

TEST_CASE("a plan says what should be there") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {0.9});
  SummaryOptions options;
  options.planned = {config_of("reverse", "q_k_v", 0), config_of("reverse", "q_k_v", 1), config_of("reverse", "qkv", 0),
                     config_of("reverse", "qkv", 1), config_of("sort", "qkv", 0)};
  const Summary summary = summarize(records, options);
  CHECK(summary.tasks == std::vector<std::string>{"reverse", "sort"});
  CHECK(summary.cell("reverse", kPlain)->missing() == 1);
  CHECK_FALSE(summary.cell("reverse", kPlain)->mean);
  CHECK(summary.cell("reverse", kQkv)->missing() == 2);
  CHECK(summary.cell("sort", kQkv)->expected == 1);
  CHECK(summary.cell("sort", kPlain) == nullptr);
}

TEST_CASE("differences are taken over pairs that both have, and corrected together") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {0.5, 0.7, 0.9, std::nullopt});
  add(records, "reverse", "q_kv", {0.4, 0.65, 0.75, 0.1});
  add(records, "reverse", "qkv", {0.1, 0.2, 0.6, 0.3});
  add(records, "sort", "qkv", {0.5});  // without a baseline
  const Summary summary = summarize(records);
  REQUIRE(summary.differences.size() == 2);
  const Difference &shared = *summary.difference("reverse", {"q_kv", 0}),
                   &single = *summary.difference("reverse", kQkv);
  CHECK_FALSE(shared.relative);
  CHECK(shared.baseline == kPlain);
  CHECK(shared.test.n == 3);
  CHECK(shared.expected == 4);
  CHECK(close(shared.test.mean, -0.1));
  CHECK(close(shared.test.deviation, 0.05));
  CHECK(close(shared.test.t, -0.1 / (0.05 / std::sqrt(3.0))));
  CHECK(close(single.test.mean, -0.4));
  const std::vector<double> seeds{-0.4, -0.5, -0.3};  // of one configuration
  CHECK(close(single.interval->low, mean_interval(seeds, population_of_differences("reverse"))->low));
  // The smaller p counts twice, the larger one is at least that.
  const double p = std::min(*shared.test.p, *single.test.p), q = std::max(*shared.test.p, *single.test.p);
  CHECK(close(std::min(*shared.p_holm, *single.p_holm), std::min(1.0, 2 * p)));
  CHECK(close(std::max(*shared.p_holm, *single.p_holm), std::min(1.0, std::max(2 * p, q))));
  SummaryOptions from_qkv;
  from_qkv.baseline = kQkv;
  const Summary other = summarize(records, from_qkv);
  CHECK(close(other.difference("reverse", {"q_kv", 0})->test.mean, (0.3 + 0.45 + 0.15 - 0.2) / 4));
  CHECK(other.difference("sort", kPlain) == nullptr);
}

TEST_CASE("perplexities are compared as ratios and are never solved") {
  std::vector<Record> records;
  add(records, "lm", "q_k_v", {5.0, 4.0});
  add(records, "lm", "q_kv", {5.5, 4.2});
  const Summary summary = summarize(records);
  const Difference& d = *summary.difference("lm", {"q_kv", 0});
  CHECK(d.relative);
  CHECK(close(d.test.mean, (0.1 + 0.05) / 2));
  CHECK_FALSE(summary.cell("lm", kPlain)->solved);
  CHECK(summary.cell("lm", kPlain)->solved_runs == 0);
  CHECK(metric_of("lm").key == std::string("perplexity"));
  CHECK(metric_of("anomaly").key == std::string("test_accuracy"));
}

TEST_CASE("fewer key/value heads are arms of their own, expected where they share heads out") {
  std::vector<Record> records;
  add(records, "sort", "q_k_v", {1.0, 1.0}, 4);
  add(records, "sort", "q_k_v", {1.0, 1.0}, 2);
  add(records, "sort", "q_k_v", {0.9, 0.8}, 4, 2);
  add(records, "sort", "q_k_v", {0.7, 0.6}, 4, 1);
  add(records, "sort", "q_k_v", {0.5, 0.4}, 2, 1);
  const Summary summary = summarize(records);
  CHECK(names_of(summary.arms) == std::vector<std::string>{"q_k_v", "q_k_v, 2 kv heads", "q_k_v, 1 kv head"});
  CHECK(summary.cell("sort", {"q_k_v", 2})->expected == 2);  // of 2 heads, 2 are all
  CHECK(close(summary.cell("sort", {"q_k_v", 2})->mean, 0.85));
  CHECK(summary.cell("sort", {"q_k_v", 1})->expected == 4);
  CHECK(close(summary.difference("sort", {"q_k_v", 2})->test.mean, -0.15));
}

TEST_CASE("order of records changes nothing; tasks and arms stand as in every listing") {
  std::vector<Record> records;
  for (const char* variant : {"qkv+", "q_k_v", "qv_k", "qkv", "q_k_v+"})
    for (const char* task : {"lm", "copy", "reverse"}) {
      add(records, task, variant, {1.25, 1.5}, 2);
      add(records, task, variant, {1.0, 1.125}, 4);
    }
  const Summary one = summarize(records);
  std::ranges::reverse(records);
  const Summary other = summarize(records);
  CHECK(one.tasks == std::vector<std::string>{"reverse", "copy", "lm"});
  CHECK(names_of(one.arms) == std::vector<std::string>{"q_k_v", "q_k_v+", "qv_k", "qkv", "qkv+"});
  REQUIRE(one.cells.size() == other.cells.size());
  CHECK(one.cells.size() == 15);
  for (std::size_t i = 0; i < one.cells.size(); ++i) {
    CHECK(one.cells[i].task == other.cells[i].task);
    CHECK(one.cells[i].arm == other.cells[i].arm);
    CHECK(*one.cells[i].mean == *other.cells[i].mean);
    CHECK(one.cells[i].interval->low == other.cells[i].interval->low);
  }
  CHECK(one.differences.size() == 12);
  CHECK(summarize({}).cells.empty());
}

TEST_CASE("builds are never averaged in silence, and no run counts twice") {
  std::vector<Record> records{record_of(config_of("copy", "qkv", 0), 1.0, "one"),
                              record_of(config_of("copy", "qkv", 1), 0.5, "two")};
  check_error(Exit::kInternal, {"several builds"}, [&] { summarize(records); });
  const Summary mixed = summarize(records, options_with(&SummaryOptions::mix_builds));
  CHECK(close(mixed.cell("copy", kQkv)->mean, 0.75));
  CHECK(mixed.builds.size() == 2);
  records.push_back(record_of(config_of("copy", "qkv", 0), 1.0, "two"));
  check_error(Exit::kInternal, {"copy-qkv-s0-", "twice"},
              [&] { summarize(records, options_with(&SummaryOptions::mix_builds)); });
}

}  // namespace qkvbench::report
