// Numbers and verdicts of changed models on losses made up for it.
// Converting is in run/convert_test.
#include "qkvbench/report/surgery.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace qkvbench;
using namespace qkvbench::report;
using study::SurgeryClaim;

namespace {

std::size_t arm_of(const std::string& name) {
  for (std::size_t i = 0; i < study::surgery_arms().size(); ++i)
    if (study::surgery_arms()[i].name() == name) return i;
  FAIL("no arm " << name);
  return 0;
}

/// Three sources; every arm loses `nats` at every share, give or take a little.
SurgeryNumbers numbers_with(double nats, double scratch) {
  SurgeryNumbers numbers{"lm/stories", {}, {}};
  numbers.level.task = "lm", numbers.level.learned = true;
  for (int seed = 0; seed < 3; ++seed) {
    SurgeryLosses losses{1.5 + 0.1 * seed, 1.5 + 0.1 * seed + scratch, {}};
    losses.losses.assign(study::surgery_arms().size(), {});
    for (auto& arm : losses.losses)
      for (std::size_t share = 0; share < study::kUptrainingShares.size(); ++share)
        arm.emplace_back(losses.source + nats + 0.001 * seed);
    numbers.sources.push_back(losses);
  }
  return numbers;
}

const ClaimResult& claim(const std::vector<ClaimResult>& claims, const std::string& id) {
  for (const ClaimResult& one : claims)
    if (one.id == id) return one;
  FAIL("no claim " << id);
  return claims[0];
}

}  // namespace

TEST_CASE("losses are compared in nats, source by source, and told in per cent of perplexity", "[report]") {
  const SurgeryNumbers numbers = numbers_with(0.2, 0.1);
  const std::vector<double> units = surgery_nats(numbers, arm_of("keep_k"), 2, SurgeryClaim::Beside::kSource);
  REQUIRE(units.size() == 3);
  CHECK(std::abs(units[0] - 0.2) <= 1e-9);
  CHECK(std::abs(units[2] - 0.202) <= 1e-9);
  CHECK(std::abs(surgery_nats(numbers, 1, 2, SurgeryClaim::Beside::kScratch)[0] - 0.1) <= 1e-9);
  CHECK(std::abs(scratch_nats(numbers)[1] - 0.1) <= 1e-9);
  for (const double unit : surgery_nats(numbers, arm_of("keep_k, taught"), 2, SurgeryClaim::Beside::kPlain))
    CHECK(unit == 0);
  CHECK(std::abs(percent_of(0.2) - 22.1402758) <= 1e-6);
  const ClaimResult dear = claim(surgery_claims(numbers), "keep-k-costs");
  CHECK(std::abs(*dear.threshold - 10) <= 1e-9);
  CHECK(std::abs(*dear.effect - percent_of(0.201)) <= 1e-9);
}

TEST_CASE("claims of surgery follow the interval, and a run that is missing leaves none", "[report]") {
  const auto dear = surgery_claims(numbers_with(0.5, 0.1)), cheap = surgery_claims(numbers_with(0.01, 0.1));
  CHECK(claim(dear, "keep-k-costs").verdict == Verdict::kHolds);
  CHECK(claim(cheap, "keep-k-costs").verdict == Verdict::kRefuted);
  CHECK(claim(dear, "subspace-costs-little").verdict == Verdict::kRefuted);
  CHECK(claim(cheap, "subspace-costs-little").verdict == Verdict::kHolds);
  CHECK(claim(dear, "subspace-beats-scratch").verdict == Verdict::kRefuted);
  CHECK(claim(cheap, "subspace-beats-scratch").verdict == Verdict::kHolds);
  CHECK(claim(cheap, "teacher-helps").verdict == Verdict::kInconclusive);  // no difference, and no spread
  SurgeryNumbers some = numbers_with(0.5, 0.1);
  some.sources[1].losses[arm_of("keep_k")][0] = std::nullopt;
  CHECK(claim(surgery_claims(some), "keep-k-costs").verdict == Verdict::kInconclusive);
  SurgeryNumbers untrained = numbers_with(0.5, 0.1);
  untrained.level.learned = false;
  for (const ClaimResult& one : surgery_claims(untrained)) CHECK(one.verdict == Verdict::kNotTested);
}

TEST_CASE("the table of surgery has a row an arm and the model from scratch behind them", "[report]") {
  const SurgeryNumbers numbers = numbers_with(0.2, 0.1);
  const std::string text = surgery_table(numbers).text(0);
  CHECK(text.find("keep_k, taught") != std::string::npos);
  CHECK(text.find("q_kv from scratch") > text.find("joint_svd_activations, taught"));
  const std::string csv = surgery_csv(numbers, surgery_claims(numbers));
  CHECK(csv.find("number,lm/stories,keep_k,true,0.05,") != std::string::npos);
  CHECK(csv.find("claim,,,,,teacher-helps,") != std::string::npos);
  const std::string page = surgery_html("Title", {"remark"}, numbers, surgery_claims(numbers));
  CHECK(page.find("trained on with the source as teacher") != std::string::npos);
}

TEST_CASE("a run that trains a converted model on has its steps, rate and teacher", "[report]") {
  CHECK(study::kUptrainingShares[0] == 0);
  for (const SurgeryClaim& claim : study::surgery_claims()) {
    CHECK(claim.arm < study::surgery_arms().size());
    CHECK(claim.share < study::kUptrainingShares.size());
    // "with a teacher" is set beside the arm before it.
    if (claim.beside != SurgeryClaim::Beside::kPlain) continue;
    const study::SurgeryArm &taught = study::surgery_arms()[claim.arm], &plain = study::surgery_arms()[claim.arm - 1];
    CHECK((taught.distilled && !plain.distilled && std::string(taught.method) == plain.method));
  }
}
