// Claims of tables that have rows for each value of a key: at one value, between two, and from the first to the last.
#include <cmath>
#include <map>

#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/verdicts.hpp"
#include "support/catch.hpp"
#include "support/records.hpp"

namespace qkvbench::report {

using run::Record;
using study::Claim;
using study::ClaimKind;
using study::PaperTable;
using testing::add;

namespace {

/// A table by heads, and its claim on runs of recall with these accuracies with one head and with four.
ClaimResult judged_by_heads(const Claim& claim, const std::map<std::string, std::pair<double, double>>& accuracies,
                            std::size_t seeds = 12) {
  std::vector<Record> records;
  for (const auto& [variant, values] : accuracies) {
    add(records, "recall", variant, std::vector<double>(seeds, values.first), 1);
    add(records, "recall", variant, std::vector<double>(seeds, values.second), 4);
  }
  PaperTable recipe;
  recipe.by = "heads";
  recipe.cells = {{"recall", {"q_kv"}, 1, "1"}, {"recall", {"q_kv"}, .35, "4"}};
  recipe.single_size = true;
  recipe.levels = {"whole", "part"};
  recipe.claims = {claim};
  SummaryOptions options;
  options.telling.keys = {"heads"};
  return judge(recipe, summarize(records, options), "part").front();
}

const std::vector<std::string> kRecall{"recall"};

}  // namespace

TEST_CASE("a table by a key compares arms at one value of it, and an arm with itself at another", "[verdicts]") {
  const Claim one_head{"one", "", ClaimKind::kBetter, {"q_kv"}, {"q_kv"}, kRecall, 0, "1", "4"};
  const ClaimResult holds = judged_by_heads(one_head, {{"q_k_v", {1, 1}}, {"q_kv", {1, .25}}});
  CHECK(holds.verdict == Verdict::kHolds);
  CHECK(std::abs(*holds.effect - 75) <= 1e-9);
  CHECK(std::abs(*holds.paper - 65) <= 1e-9);
  CHECK(holds.test == "q_kv at heads 1 − q_kv at heads 4, recall");
  REQUIRE(holds.baseline.size() == 2);
  CHECK(baseline_task(holds.baseline[1]) == "recall, heads 4");
  CHECK(judged_by_heads(one_head, {{"q_k_v", {1, 1}}, {"q_kv", {.25, 1}}}).verdict == Verdict::kRefuted);
  CHECK(judged_by_heads(one_head, {{"q_k_v", {1, 1}}, {"q_kv", {1, .25}}}, 3).verdict == Verdict::kInconclusive);
  const ClaimResult untaught = judged_by_heads(one_head, {{"q_k_v", {1, .25}}, {"q_kv", {1, .25}}});
  CHECK(untaught.verdict == Verdict::kNotTested);
  CHECK(untaught.note.find("recall, heads 4") != std::string::npos);

  const Claim at_four{"four", "", ClaimKind::kBetter, {"q_k_v"}, {"q_kv"}, kRecall, 0, "4", "4"};
  const ClaimResult four = judged_by_heads(at_four, {{"q_k_v", {.25, 1}}, {"q_kv", {1, .25}}});
  CHECK(four.verdict == Verdict::kHolds);  // what one head does is no part of it
  CHECK(std::abs(*four.effect - 75) <= 1e-9);
}

TEST_CASE("an arm has learned, or has not, against half-way from a guess to the best there is", "[verdicts]") {
  Claim learned{"learned", "", ClaimKind::kLearned, {"qk_v"}, {}, kRecall, 0, "4"};
  Claim not_learned = learned;
  not_learned.kind = ClaimKind::kNotLearned;
  const auto verdicts = [&](double accuracy) {
    const std::map<std::string, std::pair<double, double>> runs{{"q_k_v", {1, 1}}, {"qk_v", {.5, accuracy}}};
    return std::pair(judged_by_heads(learned, runs).verdict, judged_by_heads(not_learned, runs).verdict);
  };
  CHECK(verdicts(1) == std::pair(Verdict::kHolds, Verdict::kRefuted));
  CHECK(verdicts(.1) == std::pair(Verdict::kRefuted, Verdict::kHolds));
  CHECK(verdicts(.6) == std::pair(Verdict::kInconclusive, Verdict::kInconclusive));
  const ClaimResult below = judged_by_heads(not_learned, {{"q_k_v", {1, 1}}, {"qk_v", {1, .1}}});
  CHECK_FALSE(below.above);
  CHECK(below.unit.empty());
  CHECK(threshold_text(below).starts_with("< "));
}

TEST_CASE("a penalty that falls from the first value of the key to the last catches up, seed by seed",
          "[verdicts][release]") {
  const auto result_of = [](const std::vector<double>& first, const std::vector<double>& last) {
    std::vector<Record> records;
    for (const index_t heads : {1, 2, 4}) add(records, "lm", "q_k_v", {10, 20, 40}, heads);
    add(records, "lm", "q_kv", first, 1);
    add(records, "lm", "q_kv", {11, 22, 44}, 2);  // what lies between the ends counts for nothing
    add(records, "lm", "q_kv", last, 4);
    PaperTable recipe;
    recipe.by = "heads";
    for (const auto& [at, penalty] : {std::pair{"1", .054}, {"2", .037}, {"4", .022}}) {
      recipe.cells.push_back({"lm", {"q_k_v"}, 1, at});
      recipe.cells.push_back({"lm", {"q_kv"}, 1 + penalty, at});
    }
    recipe.claims = {{"falls", "", ClaimKind::kCatchesUp, {"q_kv"}, {"q_k_v"}, {"lm"}}};
    SummaryOptions options;
    options.telling.keys = {"heads"};
    return judge(recipe, summarize(records, options)).front();
  };
  const ClaimResult falls = result_of({10.5, 21, 42.04}, {10.2, 20.42, 40.8});
  CHECK(falls.verdict == Verdict::kHolds);
  CHECK(std::abs(*falls.effect - 100 * (-.03 - .029 - .031) / 3) <= 1e-9);
  CHECK(std::abs(*falls.paper + 3.2) <= 1e-9);
  CHECK_FALSE(falls.above);
  CHECK(result_of({10.2, 20.42, 40.8}, {10.5, 21, 42.04}).verdict == Verdict::kRefuted);
  CHECK(result_of({10.5, 21, 42}, {10.5, 21.2, 41.5}).verdict == Verdict::kInconclusive);
  CHECK(result_of({10.5, 21}, {10.2, 20.42, 40.8}).note.find("missing") != std::string::npos);
}

TEST_CASE("of each nat by which models differ, padding hides a share that every seed tells", "[verdicts]") {
  const auto judged = [](bool padded, const std::vector<double>& slopes) {
    std::vector<Record> records;
    for (const char* variant : {"q_k_v", "qk_v", "q_kv"}) add(records, "lm", variant, {4, 4, 4});
    for (Record& record : records) {
      const auto seed = static_cast<std::size_t>(record.config.task.seed);
      const double text = 1 + .02 * static_cast<double>(record.config.model.variant.id().size() + seed);
      record.metrics.set("val_loss", text);
      if (padded) record.metrics.set("padded_loss", .1 + slopes[seed] * text);
    }
    PaperTable recipe;
    recipe.claims = {{"hides", "", ClaimKind::kHidden, {}, {}, {"lm"}}};
    return judge(recipe, summarize(records)).front();
  };
  const ClaimResult hides = judged(true, {.4, .5, .6});
  CHECK(hides.verdict == Verdict::kHolds);
  CHECK(std::abs(*hides.effect - 50) <= 1e-9);
  CHECK(std::abs(hides.interval->high - hides.interval->low - 2 * 4.302652729911275 * 10 / std::sqrt(3)) <= 1e-7);
  CHECK(hides.unit == "%");
  CHECK(hides.above);
  CHECK(judged(true, {1.4, 1.5, 1.6}).verdict == Verdict::kRefuted);
  CHECK(judged(true, {.9, 1, 1.1}).verdict == Verdict::kInconclusive);
  CHECK(judged(false, {}).note == "runs have no padded_loss");
}

TEST_CASE("a penalty by size is a line for each seed over the logarithm of parameters, continued to the paper's",
          "[verdicts]") {
  std::vector<std::vector<double>> penalties{{.10, .12, .11, .09}, {.06, .07, .08, .07}, {.05, .03, .04, .05}};
  const auto judged = [&](const ClaimKind kind, std::size_t widths, std::size_t seeds_of_last) {
    std::vector<Record> records;
    const std::vector<index_t> parameters{100000, 400000, 2000000};
    for (std::size_t w = 0; w < widths; ++w) {
      std::vector<double> with_k_as_v;
      for (std::size_t seed = 0; seed < 4; ++seed) with_k_as_v.push_back(10 * (1 + penalties[w][seed]));
      if (w == 2) with_k_as_v.resize(seeds_of_last);
      const std::size_t before = records.size();
      add(records, "lm", "q_k_v", {10, 10, 10, 10});
      add(records, "lm", "q_kv", with_k_as_v);
      for (std::size_t i = before; i < records.size(); ++i) {
        records[i].config.model.d_model = 32 * (static_cast<index_t>(w) + 1);
        records[i].run = run_name(records[i].config);
        records[i].model.params_total = parameters[w];
        if (w + 1 < widths) records[i].metrics.set("val_loss", 2);  // only the largest must have learned
      }
    }
    PaperTable recipe;
    recipe.by = "d_model";
    recipe.paper_parameters = 305534976;
    recipe.cells = {{"lm", {"q_k_v"}, 5.11, study::kPaperSize}, {"lm", {"q_kv"}, 5.27, study::kPaperSize}};
    recipe.claims = {{"claim", "", kind, {"q_kv"}, {"q_k_v"}, {"lm"}, kind == ClaimKind::kAtPaperSize ? .05 : 0}};
    SummaryOptions options;
    options.telling.keys = {"d_model"};
    return judge(recipe, summarize(records, options)).front();
  };
  constexpr double kTolerance = 1e-9;
  // numpy.polyfit of each seed, then Student's t over the four
  const ClaimResult falls = judged(ClaimKind::kFallsBySize, 3, 4);
  CHECK(falls.verdict == Verdict::kHolds);
  CHECK(std::abs(*falls.effect + 4.780731356777682) <= kTolerance);
  CHECK(std::abs(falls.interval->low + 7.496115221591728) <= kTolerance);
  CHECK(std::abs(falls.interval->high + 2.065347491963637) <= kTolerance);
  CHECK_FALSE(falls.paper);
  CHECK(falls.test == "q_kv − q_k_v, for each ten times as many parameters");
  const ClaimResult continued = judged(ClaimKind::kAtPaperSize, 3, 4);
  CHECK(continued.verdict == Verdict::kHolds);
  CHECK(std::abs(*continued.effect + 6.3784194247192865) <= kTolerance);
  CHECK(std::abs(continued.interval->low + 13.784338443984847) <= kTolerance);
  CHECK(std::abs(continued.interval->high - 1.0274995945462746) <= kTolerance);
  CHECK(std::abs(*continued.paper - 100 * (5.27 / 5.11 - 1)) <= kTolerance);
  CHECK(continued.test == "q_kv − q_k_v, at 305.5 million parameters");
  CHECK(continued.note.empty());
  penalties[1] = {.13, .15, .14, .12};  // up and down again: a line through that cannot be continued
  const ClaimResult bent = judged(ClaimKind::kAtPaperSize, 3, 4);
  CHECK(bent.effect);
  CHECK(bent.verdict == Verdict::kInconclusive);
  CHECK(bent.note == "the sizes do not lie on a line (lack of fit, p < 0.01), so they tell nothing of larger ones");
  CHECK(judged(ClaimKind::kFallsBySize, 3, 4).note.empty());
  CHECK(judged(ClaimKind::kFallsBySize, 1, 4).note.find("one d_model only") != std::string::npos);
  CHECK(judged(ClaimKind::kFallsBySize, 3, 2).note.find("missing") != std::string::npos);
}

}  // namespace qkvbench::report
