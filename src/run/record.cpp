// Making results.
// Nothing is computed here that a run did not measure or a configuration does not determine.
#include "qkvbench/run/record.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "build_info.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/merges.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/nn/accounting.hpp"

namespace qkvbench::run {

namespace {

/// In the order of Tokenizer::Kind.
constexpr std::array<const char*, 5> kTokenizerKinds{"ids", "bytes", "characters", "words", "byte_pairs"};

void add_score(const std::string& split, const kernels::EvalSums& score, Numbers& numbers) {
  const auto targets = static_cast<double>(score.targets);  // 0/0 does not exist
  numbers.set(split + "_accuracy", static_cast<double>(score.correct) / targets);
  numbers.set(split + "_loss", score.loss_nats / targets);
  numbers.set_count(split + "_targets", score.targets);
}

Numbers metrics_of(const Outcome& o, const data::DataFacts& facts) {
  Numbers metrics = numbers_of(o.scores, facts);
  const train::CurvePoint last =
      o.state.curve.empty() ? train::CurvePoint{0, NAN, NAN, NAN, NAN} : o.state.curve.back();
  metrics.set("train_accuracy", last.train_accuracy);
  metrics.set("train_loss", last.train_loss);
  return metrics;
}

Timing timing_of(const Config& config, const Outcome& o) {
  const index_t positions = nn::Model(config.model).family().positions();
  const auto finite = [](double x) { return std::isfinite(x) ? std::optional(x) : std::nullopt; };
  return {finite(o.wall_s),
          finite(o.train_s),
          finite(o.data_wait_s),
          finite(static_cast<double>(o.tokens_timed) / o.train_s),
          finite(static_cast<double>(o.tokens_timed / positions) / o.train_s),
          static_cast<index_t>(peak_rss_bytes()),
          o.ranks};
}

}  // namespace

Numbers numbers_of(const Scores& scores, const data::DataFacts& facts) {
  const auto mean = [](const kernels::EvalSums& sums) { return sums.loss_nats / static_cast<double>(sums.targets); };
  Numbers numbers;
  if (facts.n_test > 0) add_score("test", scores.test, numbers);
  if (facts.n_val > 0) add_score("val", scores.validation, numbers);
  if (!facts.tokenizer) return numbers;
  const double loss = mean(scores.validation);
  numbers.set("perplexity", std::exp(loss));
  if (facts.val_bytes_per_target)
    numbers.set("bits_per_byte", loss / (std::numbers::ln2 * *facts.val_bytes_per_target));
  if (facts.val_floor_nats) {
    numbers.set("val_floor", *facts.val_floor_nats);
    numbers.set("val_above_floor", loss - *facts.val_floor_nats);
    numbers.set("entropy_rate", *facts.entropy_rate_nats);
  }
  kernels::EvalSums rest = scores.validation;
  for (const KindScore& kind : scores.validation_kinds) {
    numbers.set("val_loss_" + kind.name, mean(kind.score));
    rest.loss_nats -= kind.score.loss_nats;
    rest.targets -= kind.score.targets;
  }
  if (!scores.validation_kinds.empty()) numbers.set("val_loss_rest", mean(rest));
  if (scores.padding.targets > 0) add_padded(scores.validation, scores.padding, numbers);
  return numbers;
}

void add_padded(const kernels::EvalSums& text, const kernels::EvalSums& padding, Numbers& numbers) {
  kernels::EvalSums all = text;
  all += padding;
  const auto targets = static_cast<double>(all.targets);
  numbers.set("padding_share", static_cast<double>(padding.targets) / targets);
  numbers.set("padded_loss", all.loss_nats / targets);
  numbers.set("padded_perplexity", std::exp(all.loss_nats / targets));
}

Json tokenizer_json(const data::Tokenizer& tokenizer) {
  Json json{{"kind", kTokenizerKinds[static_cast<std::size_t>(tokenizer.kind())]}, {"vocab", tokenizer.vocab()}};
  if (!tokenizer.symbols().empty()) json["symbols"] = tokenizer.symbols();
  if (!tokenizer.merges().empty()) json["merges"] = formats::merge_lines(tokenizer.merges());
  return json;
}

data::Tokenizer tokenizer_from_json(const nlohmann::json& json, const std::string& origin) {
  using data::Tokenizer;
  try {
    const std::string kind = json.at("kind");
    if (kind == kTokenizerKinds[0]) return Tokenizer::ids(formats::count_of(json.at("vocab"), origin));
    if (kind == kTokenizerKinds[1]) return Tokenizer::bytes();
    if (kind == kTokenizerKinds[2]) return Tokenizer::characters(json.at("symbols"));
    if (kind == kTokenizerKinds[3]) return Tokenizer::words(json.at("symbols"));
    if (kind == kTokenizerKinds[4]) {
      formats::Merges merges;
      for (const std::string line : json.at("merges")) merges.push_back(formats::parse_merge(line, origin));
      return Tokenizer::byte_pairs(std::move(merges));
    }
    fail_input(origin + ": the kind '" + kind + "' is not known");
  } catch (const nlohmann::json::exception& error) {
    fail_input(origin + ": " + error.what());
  }
}

Tool this_tool() { return {kVersion, kGitSha, kCompiler, kFlags, kernels::matmul_name(), kNumerics}; }

std::string build_text() {
  const Tool tool = this_tool();
#ifdef QKVBENCH_LEVEL
  const std::string levels = std::string(", by the library for ") + QKVBENCH_LEVEL + " (there are " + kLevels + ")";
#else
  const std::string levels;
#endif
  return "qkvbench " + tool.version + " (" + tool.git_sha + ")\nbuild: " + tool.compiler + ", " + tool.flags +
         "\ninstruction set: " + isa_name() + levels + "\nlibraries: " + kLibraries + "\n";
}

Machine this_machine() { return {cpu_name(), isa_name(), threads(), os_name()}; }

std::string other_numerics(index_t count) {
  if (count == kNumerics) return "";
  return "it was computed by numerics " + std::to_string(count) + " of this tool, and this build has numerics " +
         std::to_string(kNumerics) + ": the same configuration gives other numbers";
}

ModelCosts model_costs(const Config& config) {
  const nn::Cost cost = nn::count_cost(nn::Model(config.model));
  return {cost.params_total, cost.params_attention, cost.macs_forward,
          cost.cache_elements_per_token * static_cast<index_t>(sizeof(float))};
}

Result result_of(const Config& config, const data::DataFacts& facts, const Outcome& o) {
  Result r;
  r.status = o.status;
  r.tool = this_tool();
  r.argv = o.argv;
  r.config = config;
  r.dataset.name = facts.name;
  r.dataset.n_train = facts.n_train;
  r.dataset.n_val = facts.n_val;
  r.dataset.n_test = facts.n_test;
  r.dataset.files = facts.files;
  r.model = model_costs(config);
  r.metrics = metrics_of(o, facts);
  r.curve = o.state.curve;
  r.train = {o.state.step, o.state.examples_seen, o.state.tokens_seen};
  r.timing = timing_of(config, o);
  r.env = this_machine();
  return r;
}

}  // namespace qkvbench::run
