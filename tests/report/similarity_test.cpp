// Similarity of made-up models: means over seeds and layers, and each verdict by the numbers that should reach it.
#include "qkvbench/report/similarity.hpp"

#include <algorithm>
#include <cmath>

#include "support/catch.hpp"

namespace qkvbench::report {

namespace {

/// Models of one data set in which every row has these numbers.
SimilarityModels models_of(const std::vector<double>& trained, double initial, double random, bool learned = true) {
  SimilarityModels models{"reverse", {}, {}};
  models.level.task = "reverse", models.level.learned = learned;
  for (const double x : trained)
    models.models.emplace_back(study::similarity_rows().size(), SimilarityNumbers{x, initial, random});
  return models;
}

const ClaimResult& claim_of(const std::vector<ClaimResult>& claims, const std::string& id) {
  return *std::ranges::find(claims, id + ", reverse", &ClaimResult::id);
}

}  // namespace

TEST_CASE("every row names a measure of analyze, and every claim a row", "[similarity-claims]") {
  for (const study::SimilarityRow& row : study::similarity_rows()) {
    const auto measures = run::all_measures();
    CHECK(std::ranges::any_of(measures, [&](const run::Measure& measure) {
      return std::string(measure.id) == row.measure && std::string(measure.scope) == row.scope &&
             measure.subject() == (std::string(row.of).size() == 2 ? run::Subject::kPair : run::Subject::kTensor);
    }));
  }
  const auto rows = study::similarity_rows();
  for (const study::SimilarityClaim& claim : study::similarity_claims()) {
    const study::SimilarityRow& row = rows[claim.row];
    CHECK(std::string(row.of) == (std::string(claim.id) == "k-low-rank" ? "k" : "kv"));
    CHECK(std::string(row.measure) == (std::string(claim.id) == "k-low-rank"  ? "effective_rank"
                                       : std::string(claim.id) == "kv-cosine" ? "cos"
                                                                              : "cka_debiased"));
  }
}

TEST_CASE("numbers of a model are means over its layers, of ranks over the channels", "[similarity-claims]") {
  const auto measures = run::all_measures();
  const auto measure = [&](const std::string& scope, const std::string& id) {
    return &*std::ranges::find_if(measures, [&](const run::Measure& m) { return m.scope == scope && m.id == id; });
  };
  run::Analysis analysis;
  for (const index_t layer : {0, 1}) {
    const double x = layer == 0 ? .25 : .75;
    analysis.values.push_back({measure("activation", "cka_debiased"), layer, "kv", {x, {}}, {.5, {}}, {x / 2, {}}});
    analysis.values.push_back({measure("weight", "effective_rank"), layer, "k", {16 * x, {}}, {8, {}}, {8, {}}});
  }
  const std::vector<SimilarityNumbers> numbers = similarity_numbers(analysis, 16);
  REQUIRE(numbers.size() == study::similarity_rows().size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const study::SimilarityRow& row = study::similarity_rows()[i];
    const bool given =
        (row.of == std::string("kv") && row.measure == std::string("cka_debiased")) || row.of == std::string("k");
    CHECK(numbers[i].trained.has_value() == given);
    if (!given) continue;
    CHECK(std::abs(*numbers[i].trained - .5) <= 1e-12);
    CHECK(std::abs(*numbers[i].initial - .5) <= 1e-12);
  }
}

TEST_CASE("a similarity exceeds its baselines, or does not, or cannot be told", "[similarity-claims]") {
  const std::vector<double> high{.79, .80, .805, .81, .80};
  const auto claims = similarity_claims({models_of(high, .7, .9)});
  REQUIRE(claims.size() == study::similarity_claims().size());
  CHECK(claim_of(claims, "kv-over-step-0").verdict == Verdict::kHolds);
  CHECK(std::abs(*claim_of(claims, "kv-over-step-0").effect - .101) <= 1e-12);
  CHECK(claim_of(claims, "kv-over-random").verdict == Verdict::kRefuted);
  CHECK(claim_of(claims, "kv-cosine").verdict == Verdict::kHolds);
  CHECK(std::abs(*claim_of(claims, "kv-cosine").paper - .73) <= 1e-12);
  const ClaimResult& rank = claim_of(claims, "k-low-rank");
  CHECK_FALSE(rank.above);
  CHECK(rank.verdict == Verdict::kRefuted);  // it rose
  CHECK(claim_of(similarity_claims({models_of(high, .9, .9)}), "k-low-rank").verdict == Verdict::kHolds);
  CHECK(claim_of(similarity_claims({models_of({.6, .9, .7}, .7, .7)}), "kv-over-step-0").verdict ==
        Verdict::kInconclusive);
  for (const ClaimResult& claim : similarity_claims({models_of(high, .7, .9, false)}))
    CHECK(claim.verdict == Verdict::kNotTested);
  for (const ClaimResult& claim : similarity_claims({models_of({.8}, .7, .9)}))
    CHECK(claim.verdict == Verdict::kInconclusive);  // one model has no interval
  const std::string csv = similarity_csv({models_of(high, .7, .9)}, claims);
  CHECK(std::ranges::count(csv, '\n') ==
        static_cast<std::ptrdiff_t>(1 + study::similarity_rows().size() + study::similarity_claims().size()));
}

}  // namespace qkvbench::report
