// Claims on made-up records: each verdict is reached, and only by the numbers that should reach it.
#include "qkvbench/report/verdicts.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/mean_interval.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

namespace qkvbench::report {

using run::Record;
using study::Claim;
using study::ClaimKind;
using study::PaperTable;
using testing::add;

namespace {

ClaimResult judged(const Claim& claim, const std::vector<Record>& records, const SummaryOptions& options = {}) {
  PaperTable recipe;
  recipe.cells = {{"anomaly", {"q_k_v"}, .7}, {"anomaly", {"q_kv"}, .6}, {"reverse", {"q_k_v"}, .7},
                  {"copy", {"q_k_v"}, 1},     {"lm", {"q_k_v"}, 5},      {"lm", {"q_kv"}, 6}};
  recipe.claims = {claim};
  return judge(recipe, summarize(records, options)).front();
}

const Claim kClose{"close", "q_kv is close", ClaimKind::kLosesAtMost, {"q_kv"}, {"q_k_v"}, {"anomaly"}, 0.05};
const Claim kWorstOf{"worst", "qkv is worst", ClaimKind::kWorst, {"qkv"}, {}, {"anomaly"}, 0};

}  // namespace

TEST_CASE("a loss within the margin holds, beyond it is refuted, across it is inconclusive", "[verdicts]") {
  const auto verdict = [](const std::vector<double>& values) {
    std::vector<Record> records;
    add(records, "anomaly", "q_k_v", {.90, .92, .94});
    add(records, "anomaly", "q_kv", values);
    return judged(kClose, records);
  };
  const ClaimResult holds = verdict({.89, .91, .931});
  CHECK(holds.verdict == Verdict::kHolds);
  CHECK(holds.unit == "points");
  CHECK(std::abs(*holds.effect + 2.9 / 3) <= 1e-9);
  CHECK(std::abs(*holds.paper + 10) <= 1e-9);
  CHECK_FALSE(holds.rerun);  // the authors ran nothing like it
  CHECK(verdict({.70, .72, .741}).verdict == Verdict::kRefuted);
  CHECK(verdict({.80, .92, .98}).verdict == Verdict::kInconclusive);
  CHECK(verdict({.99, .98, .995}).verdict == Verdict::kHolds);  // better is no loss
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

TEST_CASE("units are configurations, and tasks of one size belong together", "[verdicts]") {
  std::vector<Record> records;
  for (const char* task : {"reverse", "copy"}) {
    add(records, task, "q_k_v", {.9, .9, .9}, 2);
    add(records, task, "q_k_v", {.9, .9, .9}, 4);
    add(records, task, "q_kv", {.88, .88, .88}, 2);
    add(records, task, "q_kv", {.84, .84, .84}, 4);
  }
  Claim claim = kClose;
  claim.tasks = {"reverse", "copy"};
  const ClaimResult result = judged(claim, records);
  REQUIRE(result.interval);
  CHECK(std::abs(*result.effect + 4) <= 1e-9);
  const std::vector<double> two{-.06, -.02};
  const Interval expected = *mean_interval(two, {Population::Shape::kAny, -1, 1});
  CHECK(std::abs(result.interval->low - 100 * expected.low) <= 1e-9);
  CHECK(std::abs(result.interval->high - 100 * expected.high) <= 1e-9);
  CHECK(result.verdict == Verdict::kInconclusive);
}

TEST_CASE("the verdict is what the interval, the threshold and the adjusted p say, for any number of claims",
          "[verdicts]") {
  PaperTable recipe;
  recipe.cells = {{"anomaly", {"q_k_v"}, .7}};
  std::map<Verdict, int> seen;
  for (int step = 0; step <= 30; ++step) {
    std::vector<Record> records;
    const double down = .01 * step - .1;
    add(records, "anomaly", "q_k_v", {.70, .72, .74, .73});
    add(records, "anomaly", "q_kv", {.70 - down, .723 - down, .738 - down, .731 - down});
    add(records, "anomaly", "qkv", {.60, .61, .645, .63});
    for (const std::size_t count : {1u, 3u, 12u}) {
      Claim better = kClose;
      better.kind = ClaimKind::kBetter, better.margin = 0;
      recipe.claims = {kClose, better, kWorstOf};
      recipe.claims.resize(count, kClose);
      for (const ClaimResult& result : judge(recipe, summarize(records))) {
        REQUIRE(result.interval);
        ++seen[result.verdict];
        CHECK(std::abs(*result.level - (1 - 0.05 / static_cast<double>(count))) <= 1e-12);
        CHECK(std::abs(*result.p_adjusted - std::min(1.0, static_cast<double>(count) * *result.p)) <= 1e-12);
        const bool high_side = result.interval->low > *result.threshold,
                   low_side = result.interval->high < *result.threshold;
        CHECK((high_side || low_side) == (*result.p_adjusted <= 0.05));
        const Verdict expected = result.above ? (high_side  ? Verdict::kHolds
                                                 : low_side ? Verdict::kRefuted
                                                            : Verdict::kInconclusive)
                                              : (low_side    ? Verdict::kHolds
                                                 : high_side ? Verdict::kRefuted
                                                             : Verdict::kInconclusive);
        CHECK(result.verdict == expected);
      }
    }
  }
  CHECK(seen[Verdict::kHolds] > 0);
  CHECK(seen[Verdict::kRefuted] > 0);
  CHECK(seen[Verdict::kInconclusive] > 0);
}

TEST_CASE("a baseline that has not learned tests nothing, and says what would", "[verdicts]") {
  std::vector<Record> records;
  add(records, "anomaly", "q_k_v", {.30, .31, .32});  // half-way from .1 to the paper's .7 is .4
  add(records, "anomaly", "q_kv", {.11, .12, .135});
  PaperTable recipe;
  recipe.levels = {"whole", "part", "least"};
  recipe.cells = {{"anomaly", {"q_k_v"}, .7}};
  recipe.claims = {kClose};
  const auto result_at = [&](const char* level) { return judge(recipe, summarize(records), level).front(); };
  const ClaimResult result = result_at("least");
  CHECK(result.verdict == Verdict::kNotTested);
  CHECK(result.needed.find("part") != std::string::npos);
  CHECK(result.note.find("0.400 is needed") != std::string::npos);
  REQUIRE(result.baseline.size() == 1);
  CHECK(std::abs(*result.baseline[0].here - .31) <= 1e-12);
  CHECK(*result.baseline[0].chance == .1);
  CHECK(*result.baseline[0].published == .7);
  CHECK(result_at("whole").needed == "longer training");
  recipe.cells.clear();
  CHECK(result_at("least").verdict == Verdict::kNotTested);
  CHECK(result_at("least").note.find("not known") != std::string::npos);
}

TEST_CASE("a text has learned near its floor or near the published loss, and is not judged without", "[verdicts]") {
  const auto level_of = [](double loss, std::optional<double> floor, const char* corpus, index_t d_model) {
    std::vector<Record> records;
    add(records, "lm", "q_k_v", {5, 5.1});
    for (Record& record : records) {
      record.config.task.corpus = corpus, record.config.model.d_model = d_model;
      record.metrics.set("val_loss", loss);
      record.metrics.set("val_floor", std::nullopt);
      if (floor) record.metrics.set("val_floor", *floor);
    }
    return baseline_level({}, summarize(records), "lm");
  };
  CHECK(level_of(1.4, 1.253, "stories", 64).learned);
  CHECK_FALSE(level_of(1.637, 1.253, "stories", 64).learned);
  CHECK(level_of(1.9, {}, "tinyshakespeare", 128).learned);
  CHECK_FALSE(level_of(2.1, {}, "tinyshakespeare", 128).learned);
  CHECK_FALSE(level_of(1.9, {}, "tinyshakespeare", 384).learned);
  CHECK_FALSE(level_of(0.5, {}, "mine.txt", 128).needed);
  CHECK_FALSE(level_of(0.5, {}, "mine.txt", 128).learned);
}

TEST_CASE("lists with answers are learned half way from a guess to the best there is", "[verdicts]") {
  const auto level_of = [](double accuracy) {
    std::vector<Record> records;
    add(records, "recall", "q_k_v", {accuracy, accuracy});
    for (Record& record : records) record.config.task.pairs = 8;
    return baseline_level({}, summarize(records), "recall");
  };
  const BaselineLevel level = level_of(0.57);
  CHECK(level.metric == "accuracy");
  CHECK(*level.chance == 0.125);
  CHECK(*level.floor == 1);
  CHECK(*level.needed == 0.5625);
  CHECK(level.learned);
  CHECK_FALSE(level_of(0.55).learned);
}

TEST_CASE("chance is the best answer without looking", "[verdicts]") {
  CHECK(*chance_level("reverse", 16) == .1);
  CHECK(*chance_level("cifar100", 0) == .01);
  CHECK_FALSE(chance_level("lm", 16));
  // Of one symbol any answer is right a tenth of the time; of two the smaller is 0 in 19 of 100 lists, the larger 9.
  CHECK(std::abs(*chance_level("sort", 1) - .1) <= 1e-12);
  CHECK(std::abs(*chance_level("sort", 2) - .19) <= 1e-12);
  CHECK(*chance_level("sort", 128) > *chance_level("sort", 16));
}

TEST_CASE("worst needs every other arm to be better each by the interval of the closest; one that is worse refutes",
          "[verdicts]") {
  const auto verdict = [](const std::vector<double>& qkv, const std::vector<double>& qk_v) {
    std::vector<Record> records;
    add(records, "anomaly", "q_k_v", {.90, .91, .92});
    add(records, "anomaly", "qk_v", qk_v);
    add(records, "anomaly", "qkv", qkv);
    return judged(kWorstOf, records);
  };
  const ClaimResult holds = verdict({.50, .512, .52}, {.80, .81, .825});
  CHECK(holds.verdict == Verdict::kHolds);
  CHECK(holds.test.find("the closest other, qk_v") != std::string::npos);
  CHECK(verdict({.50, .512, .52}, {.50, .512, .52}).verdict == Verdict::kInconclusive);
  CHECK(verdict({.50, .512, .52}, {.30, .31, .322}).verdict == Verdict::kRefuted);
}

TEST_CASE("runs that are missing, or one run alone, decide nothing", "[verdicts]") {
  std::vector<Record> records;
  add(records, "anomaly", "q_k_v", {.9, .9, .9});
  add(records, "anomaly", "q_kv", {.2, .201});
  const ClaimResult missing = judged(kClose, records);
  CHECK(missing.verdict == Verdict::kInconclusive);
  CHECK(missing.note.find("missing") != std::string::npos);
  SummaryOptions allowed;
  allowed.allow_missing = true;
  CHECK(judged(kClose, records, allowed).verdict == Verdict::kRefuted);
  std::vector<Record> one;
  add(one, "anomaly", "q_k_v", {.9});
  add(one, "anomaly", "q_kv", {.2});
  const ClaimResult alone = judged(kClose, one);
  CHECK(alone.verdict == Verdict::kInconclusive);
  CHECK(!alone.interval);
  std::vector<Record> other;
  add(other, "reverse", "q_k_v", {.9, .9});
  CHECK(judged(kClose, other).note == "none of its tasks was run");
}

TEST_CASE("all solve looks at the lowest mean, and a handful of solved runs is no proof", "[verdicts][release]") {
  const Claim claim{"easy", "all solve", ClaimKind::kAllSolve, {}, {}, {"copy"}, 0};
  std::vector<Record> records;
  add(records, "copy", "q_k_v", {1, 1, 1});
  add(records, "copy", "qkv", {.995, .996, .997});
  const ClaimResult few = judged(claim, records);
  CHECK(few.verdict == Verdict::kInconclusive);  // a run in five that fails would be missed half of the time
  CHECK(*few.threshold == kSolved);
  CHECK(std::abs(*few.effect - .996) <= 1e-12);
  records.clear();
  add(records, "copy", "q_k_v", std::vector<double>(1000, 1));
  CHECK(judged(claim, records).verdict == Verdict::kHolds);
  add(records, "copy", "qk_v", std::vector<double>(1000, .91));
  const ClaimResult refuted = judged(claim, records);
  CHECK(refuted.verdict == Verdict::kRefuted);
  CHECK(std::abs(*refuted.effect - .91) <= 1e-12);
}

}  // namespace qkvbench::report
