// Claims on made-up records: each verdict is reached, and only by the numbers that should reach it.
#include "qkvbench/report/verdicts.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/results.hpp"

namespace qkvbench::report {

using experiment::Claim;
using experiment::ClaimKind;
using experiment::Recipe;
using experiment::Record;
using testing::config_of;

namespace {

void add(std::vector<Record>& records, const std::string& task, const std::string& variant,
         const std::vector<double>& values, index_t heads = 4) {
  for (std::size_t seed = 0; seed < values.size(); ++seed) {
    Record record;
    record.config = config_of(task, variant, seed, heads);
    record.run = run_name(record.config);
    record.build = "build";
    record.status = experiment::Status::kCompleted;
    record.metrics[metric_of(task).key] = values[seed];
    records.push_back(record);
  }
}

ClaimResult judged(const Claim& claim, const std::vector<Record>& records, const SummaryOptions& options = {}) {
  Recipe recipe;
  recipe.cells = {{"reverse", {"q_k_v"}, .7, .5},
                  {"reverse", {"q_kv"}, .6, .55},
                  {"lm", {"q_k_v"}, 5, {}},
                  {"lm", {"q_kv"}, 6, {}}};
  recipe.claims = {claim};
  return judge(recipe, summarize(records, options)).front();
}

const Claim kClose{"close", "q_kv is close", ClaimKind::kLosesAtMost, {"q_kv"}, {"q_k_v"}, {"reverse"}, 0.05};
const Claim kWorstOf{"worst", "qkv is worst", ClaimKind::kWorst, {"qkv"}, {}, {"reverse"}, 0};

}  // namespace

TEST_CASE("a loss within the margin holds, beyond it is refuted, across it is inconclusive", "[verdicts]") {
  const auto verdict = [](const std::vector<double>& values) {
    std::vector<Record> records;
    add(records, "reverse", "q_k_v", {.90, .92, .94});
    add(records, "reverse", "q_kv", values);
    return judged(kClose, records);
  };
  const ClaimResult holds = verdict({.89, .91, .931});
  CHECK(holds.verdict == Verdict::kHolds);
  CHECK(holds.unit == "points");
  CHECK(std::abs(*holds.effect + 2.9 / 3) <= 1e-9);
  CHECK(std::abs(*holds.paper + 10) <= 1e-9);
  CHECK(std::abs(*holds.rerun - 5) <= 1e-9);
  CHECK(verdict({.70, .72, .741}).verdict == Verdict::kRefuted);
  CHECK(verdict({.80, .92, .98}).verdict == Verdict::kInconclusive);
  CHECK(verdict({.99, .99, .99}).verdict == Verdict::kHolds);  // better is no loss
}

TEST_CASE("of perplexities less is better and effects are per cent", "[verdicts]") {
  std::vector<Record> records;
  add(records, "lm", "q_k_v", {10, 10.1, 10.2});
  add(records, "lm", "q_kv", {10.2, 10.31, 10.39});
  Claim claim = kClose;
  claim.tasks = {"lm"};
  const ClaimResult result = judged(claim, records);
  CHECK(result.unit == "%");
  CHECK(result.verdict == Verdict::kHolds);
  CHECK(std::abs(*result.effect - 100 * (.02 + .21 / 10.1 + .19 / 10.2) / 3) <= 1e-9);
  CHECK(std::abs(*result.paper - 20) <= 1e-9);
  Claim better = claim;
  better.kind = ClaimKind::kBetter;
  better.margin = 0;
  CHECK(judged(better, records).verdict == Verdict::kRefuted);
}

TEST_CASE("several configurations are a bootstrap of configurations, tasks of one size belong together", "[verdicts]") {
  std::vector<Record> records;
  for (const char* task : {"reverse", "sort"}) {
    add(records, task, "q_k_v", {.9, .9, .9}, 2);
    add(records, task, "q_k_v", {.9, .9, .9}, 4);
    add(records, task, "q_kv", {.88, .88, .88}, 2);
    add(records, task, "q_kv", {.84, .84, .84}, 4);
  }
  Claim claim = kClose;
  claim.tasks = {"reverse", "sort"};
  const ClaimResult result = judged(claim, records);
  REQUIRE(result.interval);
  CHECK(std::abs(*result.effect + 4) <= 1e-9);
  CHECK(std::abs(result.interval->low + 6) <= 1e-9);   // two clusters, not four:
  CHECK(std::abs(result.interval->high + 2) <= 1e-9);  // both extremes are drawn in a quarter of the resamples
  CHECK(result.verdict == Verdict::kInconclusive);
}

TEST_CASE("worst needs every other arm to be better after Holm; one that is worse refutes", "[verdicts]") {
  const auto verdict = [](const std::vector<double>& qkv, const std::vector<double>& qk_v) {
    std::vector<Record> records;
    add(records, "reverse", "q_k_v", {.90, .91, .92});
    add(records, "reverse", "qk_v", qk_v);
    add(records, "reverse", "qkv", qkv);
    return judged(kWorstOf, records);
  };
  const ClaimResult holds = verdict({.50, .512, .52}, {.80, .81, .825});
  CHECK(holds.verdict == Verdict::kHolds);
  CHECK(holds.test.find("closest qk_v") != std::string::npos);
  CHECK(verdict({.50, .512, .52}, {.50, .512, .52}).verdict == Verdict::kInconclusive);
  CHECK(verdict({.50, .512, .52}, {.30, .31, .322}).verdict == Verdict::kRefuted);
}

TEST_CASE("runs that are missing, or one run alone, decide nothing", "[verdicts]") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {.9, .9, .9});
  add(records, "reverse", "q_kv", {.2, .2});
  const ClaimResult missing = judged(kClose, records);
  CHECK(missing.verdict == Verdict::kInconclusive);
  CHECK(missing.note.find("missing") != std::string::npos);
  SummaryOptions allowed;
  allowed.allow_missing = true;
  CHECK(judged(kClose, records, allowed).verdict == Verdict::kRefuted);
  std::vector<Record> one;
  add(one, "reverse", "q_k_v", {.9});
  add(one, "reverse", "q_kv", {.2});
  const ClaimResult alone = judged(kClose, one);
  CHECK(alone.verdict == Verdict::kInconclusive);
  CHECK(!alone.interval);
  std::vector<Record> other;
  add(other, "sort", "q_k_v", {.9, .9});
  CHECK(judged(kClose, other).note == "none of its tasks was run");
}

TEST_CASE("all solve looks at the lowest mean", "[verdicts]") {
  const Claim claim{"easy", "all solve", ClaimKind::kAllSolve, {}, {}, {"copy"}, 0};
  std::vector<Record> records;
  add(records, "copy", "q_k_v", {1, 1, 1});
  add(records, "copy", "qkv", {.995, .996, .997});
  CHECK(judged(claim, records).verdict == Verdict::kHolds);
  add(records, "copy", "qk_v", {.90, .91, .92});
  const ClaimResult refuted = judged(claim, records);
  CHECK(refuted.verdict == Verdict::kRefuted);
  CHECK(std::abs(*refuted.effect - .91) <= 1e-12);
}

}  // namespace qkvbench::report
