// Writing the result record. Numbers that do not exist are null.
// Nothing is computed here that a run did not measure or a configuration does not determine.
#include "qkvbench/experiment/record.hpp"

#include <cmath>

#include "build_info.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/nn/accounting.hpp"

namespace qkvbench::experiment {

namespace {

/// A finite number, or null.
Json number(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json metrics_json(const Outcome& o) {
  const auto targets = static_cast<double>(o.test.targets);  // 0/0 becomes null
  const bool trained = !o.state.curve.empty();
  return {{"test_accuracy", number(static_cast<double>(o.test.correct) / targets)},
          {"test_loss", number(o.test.loss_nats / targets)},
          {"train_accuracy", trained ? number(o.state.curve.back().train_accuracy) : Json(nullptr)},
          {"train_loss", trained ? number(o.state.curve.back().train_loss) : Json(nullptr)}};
}

Json curve_json(const train::TrainState& state) {
  Json curve = Json::array();
  for (const train::CurvePoint& p : state.curve) curve.push_back(curve_point_json(p));
  return curve;
}

Json dataset_json(const Config& c) {
  return {{"name", c.task}, {"n_train", c.n_train}, {"n_val", 0}, {"n_test", c.n_test}, {"files", Json::array()}};
}

}  // namespace

const char* status_name(Status status) {
  switch (status) {
    case Status::kCompleted: return "completed";
    case Status::kInterrupted: return "interrupted";
    case Status::kDiverged: return "diverged";
    case Status::kFailed: return "failed";
  }
  return "failed";
}

Json curve_point_json(const train::CurvePoint& p) {
  return {{"step", p.step},
          {"train_loss", number(p.train_loss)},
          {"train_accuracy", number(p.train_accuracy)},
          {"lr", number(p.lr)},
          {"grad_norm", number(p.grad_norm)}};
}

Json tool_json() {
  return {{"version", kVersion},
          {"git_sha", kGitSha},
          {"compiler", kCompiler},
          {"flags", kFlags},
          {"gemm", kernels::matmul_name()}};
}

Json env_json() { return {{"cpu", cpu_name()}, {"isa", isa_name()}, {"threads", threads()}, {"os", os_name()}}; }

Json variant_json(const Config& config) {
  const nn::Variant variant = nn::parse_variant(config.variant);
  return {{"id", variant.id()},
          {"paper_name", text_or_null(variant.paper_name())},
          {"equation", variant.equation()},
          {"projections", variant.sharing->projection_count()},
          {"heads", config.heads},
          {"kv_heads", config.kv_heads},
          {"plus", variant.plus}};
}

Json model_json(const Config& config) {
  const nn::Cost cost = nn::count_cost(nn::Model(model_config(config)));
  return {{"params_total", cost.params_total},
          {"params_attention", cost.params_attention},
          {"macs_forward", cost.macs_forward},
          {"kv_cache_bytes_per_token", cost.kv_cache_numbers_per_token * static_cast<index_t>(sizeof(float))}};
}

Json result_json(const Config& config, const Outcome& o) {
  Json json;
  json["schema_version"] = 1;
  json["status"] = status_name(o.status);
  json["tool"] = tool_json();
  json["argv"] = o.argv;
  json["config"] = config_json(config);
  json["variant"] = variant_json(config);
  json["dataset"] = dataset_json(config);
  json["model"] = model_json(config);
  json["metrics"] = metrics_json(o);
  json["curve"] = curve_json(o.state);
  json["train"] = {
      {"steps", o.state.step}, {"examples_seen", o.state.examples_seen}, {"tokens_seen", o.state.tokens_seen}};
  json["timing"] = {{"wall_s", number(o.wall_s)},
                    {"tokens_per_s", number(static_cast<double>(o.tokens_timed) / o.train_s)},
                    {"peak_rss_bytes", peak_rss_bytes()}};
  json["env"] = env_json();
  return json;
}

Json canonical_part(Json result) {
  for (const char* key : {"timing", "env", "tool", "argv"}) result.erase(key);
  return result;
}

const char* result_schema() { return kResultSchema; }

}  // namespace qkvbench::experiment
