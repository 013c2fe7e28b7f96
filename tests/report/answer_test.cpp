// Sentences of made-up results: clear, tied, too few, missing, not learned. Never stronger than the statistics.
#include "qkvbench/report/answer.hpp"

#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/results.hpp"

namespace qkvbench::report {

using run::Record;
using testing::config_of;
using testing::has;

namespace {

/// One record for each value, with seeds from 0; bytes and parameters as those of a variant.
void add(std::vector<Record>& records, const std::string& task, const std::string& variant,
         const std::vector<double>& values, double val_loss = 0) {
  for (std::size_t seed = 0; seed < values.size(); ++seed) {
    Record record;
    record.config = config_of(task, variant, seed);
    record.run = run_name(record.config);
    record.build = "build";
    record.machine = "machine";
    record.status = run::Status::kCompleted;
    record.metrics.set(metric_of(task).key, values[seed]);
    if (val_loss > 0) {
      record.metrics.set("val_loss", val_loss);
      record.metrics.set("val_floor", 1.0);
    }
    const run::ModelCosts costs = run::model_costs(record.config);
    record.model.params_total = costs.params_total;
    record.model.kv_cache_bytes_per_token = costs.kv_cache_bytes_per_token;
    records.push_back(record);
  }
}

/// The sentences of the only group.
std::string said(const std::vector<Record>& records, const SummaryOptions& options = {}) {
  const std::vector<Answer> answers = answers_of(summarize(records, options));
  REQUIRE(answers.size() == 1);
  return answers[0].text;
}

const std::vector<double> kPerplexities{10.0, 10.1, 9.9, 10.05, 9.95}, kHigher{10.5, 10.6, 10.4, 10.56, 10.45};

/// Of text: an arm's five perplexities beside q_k_v's, which has learned it or not.
std::string said_of_text(const std::vector<double>& baseline, const std::string& variant,
                         const std::vector<double>& values, double val_loss = 1.05) {
  std::vector<Record> records;
  add(records, "lm", "q_k_v", baseline, val_loss);
  add(records, "lm", variant, values, val_loss);
  return said(records);
}

std::vector<double> many(double value, std::size_t n, double step = 0) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(value + step * static_cast<double>(i % 3));
  return values;
}

}  // namespace

TEST_CASE("text: a clear loss is called worse, with its size, and is not offered") {
  const std::string text = said_of_text(kPerplexities, "q_kv", kHigher);
  INFO(text);
  CHECK(has(text, "Worse than q_k_v in perplexity: q_kv +5.0 % ["));
  CHECK_FALSE(has(text, "cheapest"));
  CHECK_FALSE(has(text, "Not told"));
}

TEST_CASE("text: a tie names how much may be lost, and what is saved") {
  const std::string text = said_of_text(kPerplexities, "q_kv", {10.02, 10.09, 9.91, 10.04, 9.96});
  INFO(text);
  CHECK(has(text, "Not told from q_k_v in perplexity: q_kv "));
  CHECK(has(text, "cheapest that is not seen to be worse is q_kv: its cache is 50 % smaller and it has "));
  CHECK(has(text, "stays possible"));
  CHECK_FALSE(has(text, "Worse"));
  CHECK_FALSE(has(text, "equal"));
}

TEST_CASE("text: a clear gain is called better") {
  CHECK(has(said_of_text(kHigher, "qk_v", kPerplexities), "Better than q_k_v in perplexity: qk_v −4.8 % ["));
}

TEST_CASE("text that the baseline has not learned: nothing is said of any variant, once", "[release]") {
  std::vector<Record> records;
  add(records, "lm", "q_k_v", kPerplexities, 1.9);
  add(records, "lm", "q_kv", kHigher, 1.9);
  add(records, "lm", "qkv", {12.5, 12.6, 12.4, 12.56, 12.45}, 1.9);
  const std::string text = said(records);
  INFO(text);
  CHECK(has(text, "Nothing can be said of q_kv, qkv beside q_k_v: q_k_v has not learned it"));
  CHECK_FALSE(has(text, "Worse"));
}

TEST_CASE("one seed: nothing is said") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {1.0});
  add(records, "reverse", "q_kv", {0.2});
  const std::string text = said(records);
  INFO(text);
  CHECK(has(text, "Nothing can be said of q_kv beside q_k_v: there is one pair of runs (--seed 0-4 trains five)."));
}

TEST_CASE("a missing run: nothing is said of that variant") {
  const std::string text = said_of_text(kPerplexities, "q_kv", {10.5, 10.6, 10.4});
  INFO(text);
  CHECK(has(text, "3 of 5 pairs are there"));
  CHECK_FALSE(has(text, "Worse"));
}

TEST_CASE("few runs that solve their task or do not: no variant is offered") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", many(1.0, 5));
  add(records, "reverse", "q_kv", many(0.999, 5));
  const std::string text = said(records);
  INFO(text);
  CHECK(has(text, "Not told from q_k_v in accuracy: q_kv"));
  CHECK(has(text, "too few to choose by: q_kv may lose up to 0."));
}

TEST_CASE("a baseline near to guessing, of a task whose best is not known, is a warning") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", many(0.25, 12, 0.01));
  add(records, "reverse", "q_kv", many(0.2, 12, 0.01));
  const std::string text = said(records);
  INFO(text);
  CHECK(has(text, "q_k_v itself has accuracy 0.260, guessing 0.100: longer training may change this."));
}

TEST_CASE("many variants: the corrected p decides, not each alone", "[release]") {
  const std::vector<double> noise{0.02, -0.01, 0.05, -0.03, 0.04};
  std::vector<Record> records;
  add(records, "lm", "q_k_v", many(10, 5), 1.05);
  for (const char* variant : {"qk_v", "q_kv", "qv_k", "qkv", "qk_v+", "q_kv+"}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < noise.size(); ++i) values.push_back(10.06 + noise[i]);
    add(records, "lm", variant, values, 1.05);
  }
  const Summary summary = summarize(records);
  for (const Difference& d : summary.differences) {
    const Finding finding = finding_of(summary, d);
    CHECK((finding == Finding::kWorse) == (d.p_holm.value_or(1) < 0.05 && d.interval && d.interval->low > 0));
  }
}

TEST_CASE("without a comparison there is no answer") {
  std::vector<Record> records;
  add(records, "reverse", "q_k_v", {1.0, 1.0, 1.0});
  CHECK(answers_of(summarize(records)).empty());
  CHECK(answers_text({}).empty());
}

namespace {

/// Gives the runs of a variant these speeds, in the order of their seeds.
void set_speeds(std::vector<Record>& records, const std::string& variant, const std::vector<double>& tokens_per_s) {
  std::size_t next = 0;
  for (Record& record : records)
    if (record.config.model.variant.id() == variant) record.timing.tokens_per_s = tokens_per_s.at(next++);
}

/// Tied with q_k_v, so that q_kv is offered; both with speeds.
std::vector<Record> timed(const std::vector<double>& baseline, const std::vector<double>& arm) {
  std::vector<Record> records;
  add(records, "lm", "q_k_v", kPerplexities, 1.05);
  add(records, "lm", "q_kv", {10.02, 10.09, 9.91, 10.04, 9.96}, 1.05);
  set_speeds(records, "q_k_v", baseline);
  set_speeds(records, "q_kv", arm);
  return records;
}

ClaimResult claim_of(const std::string& text, Verdict verdict) {
  ClaimResult claim;
  claim.id = claim.claim = text;
  claim.unit = "points";
  claim.effect = -1.2;
  claim.interval = Interval{-2.0, -0.4};
  claim.verdict = verdict;
  return claim;
}

}  // namespace

TEST_CASE("time is named as a cost with its interval, and only where runs of one machine tell it") {
  const std::vector<double> slow{100, 104, 98, 101, 99}, fast{110, 113, 109, 111, 108};
  std::string text = said(timed(slow, fast));
  INFO(text);
  // exp of the mean of ln(slow/fast) and its interval, computed by hand: 0.9110 [0.9009, 0.9212]
  CHECK(has(text, "fewer parameters and its training took 8.9 % [7.9, 9.9] less time (5 pairs of runs)"));
  text = said(timed(fast, slow));
  CHECK(has(text, "its training took 9.8 % [8.6, 11.0] more time (5 pairs of runs)"));
  CHECK_FALSE(has(said(timed(slow, {99, 103, 99, 102, 100})), " time"));  // not told apart
  for (const char* what : {"machine", "build", "threads"}) {
    std::vector<Record> records = timed(slow, fast);
    for (Record& record : records) {
      if (record.config.model.variant.id() != std::string("q_kv")) continue;
      if (what == std::string("machine")) record.machine = "another";
      if (what == std::string("threads")) record.env.threads = 7;
      if (what == std::string("build")) record.build = "another";
    }
    SummaryOptions options;
    options.mix_builds = true;
    CHECK_FALSE(has(said(records, options), " time"));
  }
}

TEST_CASE("two pairs of runs do not tell a time") {
  std::vector<Record> records;
  add(records, "lm", "q_k_v", {10, 10.1}, 1.05);
  add(records, "lm", "q_kv", {10.02, 10.1}, 1.05);
  set_speeds(records, "q_k_v", {100, 101});
  set_speeds(records, "q_kv", {120, 121});
  CHECK_FALSE(has(said(records), " time"));
}

TEST_CASE("of a table of the paper each claim is told by its verdict and never more strongly") {
  const std::vector<ClaimResult> claims{claim_of("A", Verdict::kInconclusive), claim_of("B", Verdict::kHolds),
                                        claim_of("C", Verdict::kRefuted), claim_of("D", Verdict::kNotTested),
                                        claim_of("E", Verdict::kHolds)};
  const std::vector<Answer> answers = answers_of(claims, {});
  REQUIRE(answers.size() == 4);
  const std::string effect = " (−1.2 points [−2.0, −0.4])";
  CHECK(answers[0].text == "Holds here: B" + effect + "; E" + effect + ".");
  CHECK(answers[1].text == "Does not hold here: C" + effect + ".");
  CHECK(answers[2].text == "Neither shown nor refuted by these runs: A" + effect + ".");
  CHECK(answers[3].text == "Not tested at this size: D.");  // its numbers mean nothing
  CHECK(answers_of(std::vector<ClaimResult>{}, {}).empty());
}

TEST_CASE("of a table of the paper each variant's costs are told, over all its tasks") {
  std::vector<Record> records;
  for (const char* task : {"reverse", "sort"})
    for (const char* variant : {"q_k_v", "q_kv"}) add(records, task, variant, {1.0, 1.0, 0.9});
  const Summary summary = summarize(records);
  std::vector<Answer> answers = answers_of(std::vector<ClaimResult>{}, summary);
  REQUIRE(answers.size() == 1);
  CHECK(has(answers[0].text, "q_kv beside q_k_v: it has "));
  CHECK(has(answers[0].text, " % fewer parameters."));  // neither a cache, which they lack, nor a time
  CHECK_FALSE(has(answers[0].text, "cache"));
}

}  // namespace qkvbench::report
