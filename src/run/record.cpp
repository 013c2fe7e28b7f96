// Writing the result record. Numbers that do not exist are null.
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

void add_score(const std::string& split, const kernels::EvalSums& score, Json& json) {
  const auto targets = static_cast<double>(score.targets);  // 0/0 becomes null
  json[split + "_accuracy"] = or_null(static_cast<double>(score.correct) / targets);
  json[split + "_loss"] = or_null(score.loss_nats / targets);
  json[split + "_targets"] = score.targets;
}

Json metrics_json(const Outcome& o, const data::DataFacts& facts) {
  Json json = scores_json(o.validation, o.test, facts, o.validation_kinds);
  const bool trained = !o.state.curve.empty();
  json["train_accuracy"] = trained ? or_null(o.state.curve.back().train_accuracy) : Json(nullptr);
  json["train_loss"] = trained ? or_null(o.state.curve.back().train_loss) : Json(nullptr);
  return json;
}

Json curve_json(const train::TrainState& state) {
  Json curve = Json::array();
  for (const train::CurvePoint& p : state.curve) curve.push_back(curve_point_json(p));
  return curve;
}

template <class AnyJson>
AnyJson without_circumstances(AnyJson result) {
  for (const char* key : {"timing", "env", "tool", "argv"}) result.erase(key);
  return result;
}

}  // namespace

Json or_null(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }
Json or_null(const std::optional<double>& x) { return x ? or_null(*x) : Json(nullptr); }
Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

const char* status_name(Status status) {
  switch (status) {
    case Status::kCompleted: return "completed";
    case Status::kInterrupted: return "interrupted";
    case Status::kDiverged: return "diverged";
    case Status::kFailed: return "failed";
    case Status::kImported: return "imported";
    case Status::kConverted: return "converted";
  }
  return "failed";
}

Json files_json(std::span<const data::SourceFile> files) {
  Json list = Json::array();
  for (const data::SourceFile& file : files)
    list.push_back({{"path", formats::escape_bytes(file.path)}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  return list;
}

Json dataset_json(const data::DataFacts& facts) {
  return {{"name", formats::escape_bytes(facts.name)},
          {"n_train", facts.n_train},
          {"n_val", facts.n_val},
          {"n_test", facts.n_test},
          {"files", files_json(facts.files)}};
}

Json scores_json(const kernels::EvalSums& validation, const kernels::EvalSums& test, const data::DataFacts& facts,
                 std::span<const KindScore> validation_kinds) {
  Json json = Json::object();
  if (facts.n_test > 0) add_score("test", test, json);
  if (facts.n_val > 0) add_score("val", validation, json);
  if (!facts.tokenizer) return json;
  const double loss = validation.loss_nats / static_cast<double>(validation.targets);
  json["perplexity"] = or_null(std::exp(loss));
  if (facts.val_bytes_per_target)
    json["bits_per_byte"] = or_null(loss / (std::numbers::ln2 * *facts.val_bytes_per_target));
  if (facts.val_floor_nats) {
    json["val_floor"] = or_null(*facts.val_floor_nats);
    json["val_above_floor"] = or_null(loss - *facts.val_floor_nats);
    json["entropy_rate"] = or_null(*facts.entropy_rate_nats);
  }
  kernels::EvalSums rest = validation;
  for (const KindScore& kind : validation_kinds) {
    json["val_loss_" + kind.name] = or_null(kind.score.loss_nats / static_cast<double>(kind.score.targets));
    rest.loss_nats -= kind.score.loss_nats;
    rest.targets -= kind.score.targets;
  }
  if (!validation_kinds.empty()) json["val_loss_rest"] = or_null(rest.loss_nats / static_cast<double>(rest.targets));
  return json;
}

Json curve_point_json(const train::CurvePoint& p) {
  return {{"step", p.step},
          {"train_loss", or_null(p.train_loss)},
          {"train_accuracy", or_null(p.train_accuracy)},
          {"lr", or_null(p.lr)},
          {"grad_norm", or_null(p.grad_norm)}};
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

Json tool_json() {
  return {{"version", kVersion},
          {"git_sha", kGitSha},
          {"compiler", kCompiler},
          {"flags", kFlags},
          {"gemm", kernels::matmul_name()},
          {"numerics", kNumerics}};
}

index_t numerics_of(const nlohmann::json& tool) {
  const auto found = tool.is_object() ? tool.find("numerics") : tool.end();
  return tool.is_object() && found != tool.end() && formats::is_count(*found) ? found->get<index_t>() : 1;
}

std::string other_numerics(index_t count) {
  if (count == kNumerics) return "";
  return "it was computed by numerics " + std::to_string(count) + " of this tool, and this build has numerics " +
         std::to_string(kNumerics) + ": the same configuration gives other numbers";
}

Json env_json() { return {{"cpu", cpu_name()}, {"isa", isa_name()}, {"threads", threads()}, {"os", os_name()}}; }

Json variant_json(const Config& config) {
  const nn::Variant variant = config.model.variant;
  return {{"id", variant.id()},
          {"paper_name", or_null(variant.paper_name())},
          {"equation", variant.equation()},
          {"projections", variant.kind->projections},
          {"heads", config.model.heads},
          {"kv_heads", config.model.kv_heads},
          {"plus", variant.plus}};
}

Json model_json(const Config& config) {
  const nn::Cost cost = nn::count_cost(nn::Model(config.model));
  return {{"params_total", cost.params_total},
          {"params_attention", cost.params_attention},
          {"macs_forward", cost.macs_forward},
          {"kv_cache_bytes_per_token", cost.cache_elements_per_token * static_cast<index_t>(sizeof(float))}};
}

Json result_json(const Config& config, const data::DataFacts& facts, const Outcome& o) {
  Json json;
  json["schema_version"] = 1;
  json["status"] = status_name(o.status);
  json["tool"] = tool_json();
  json["argv"] = formats::escape_bytes(o.argv);
  json["config"] = config_json(config);
  json["variant"] = variant_json(config);
  json["dataset"] = dataset_json(facts);
  json["model"] = model_json(config);
  json["metrics"] = metrics_json(o, facts);
  json["curve"] = curve_json(o.state);
  json["train"] = {
      {"steps", o.state.step}, {"examples_seen", o.state.examples_seen}, {"tokens_seen", o.state.tokens_seen}};
  const index_t positions = nn::Model(config.model).family().positions();
  json["timing"] = {{"wall_s", or_null(o.wall_s)},
                    {"train_s", or_null(o.train_s)},
                    {"data_wait_s", or_null(o.data_wait_s)},
                    {"tokens_per_s", or_null(static_cast<double>(o.tokens_timed) / o.train_s)},
                    {"examples_per_s", or_null(static_cast<double>(o.tokens_timed / positions) / o.train_s)},
                    {"peak_rss_bytes", peak_rss_bytes()}};
  json["env"] = env_json();
  return json;
}

Json canonical_part(Json result) { return without_circumstances(std::move(result)); }

nlohmann::json canonical_part(nlohmann::json result) { return without_circumstances(std::move(result)); }

}  // namespace qkvbench::run
