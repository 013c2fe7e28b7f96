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

TEST_CASE("text that the baseline has not learned: nothing is said of any variant, once") {
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

TEST_CASE("many variants: the corrected p decides, not each alone") {
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
  CHECK(answers_text({}, 80).empty());
}

}  // namespace qkvbench::report
