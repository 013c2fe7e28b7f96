// Each part is written and read by two functions that stand together. Numbers that do not exist are null.
// What is read is not trusted: every property is checked before it is taken.
#include "qkvbench/run/result.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/fields.hpp"

namespace qkvbench::run {

namespace {

constexpr std::array<Status, 6> kStatuses{Status::kCompleted, Status::kInterrupted, Status::kDiverged,
                                          Status::kFailed,    Status::kImported,    Status::kConverted};

Status status_from(const Fields& result) {
  const std::string name = result.text("status");
  if (const auto status = status_of_name(name)) return *status;
  result.refuse("status '" + name.substr(0, 40) + "' is not known");
}

Tool tool_from(const Fields& tool) {
  return {tool.text("version"), tool.text("git_sha"), tool.text("compiler"),
          tool.text("flags"),   tool.text("gemm"),    tool.has("numerics") ? tool.count("numerics") : 1};
}

Machine machine_from(const Fields& env) {
  return {env.text("cpu"), env.text("isa"), env.count("threads"), env.text("os")};
}

/// As a run writes it: resolved, with every key of its task but newer ones.
Config config_from(const Fields& result) {
  const Fields there = result.object("config");
  Config config;
  try {
    config = stored_config(there.json(), "config");
    nn::check_heads(config.model);
  } catch (const Error& error) {
    there.refuse(error.what());
  }
  if (there.json().value("variant", "q_k_v") != config.model.variant.id()) there.refuse("config.variant is no id");
  const Json resolved = config_json(config);
  for (const auto& [key, value] : resolved.items())
    if (there.at(key) != value) there.refuse("config." + key + " is not as a run writes it");
  for (const auto& [key, value] : there.json().items())
    if (!find_option(key, "config").concerns(data::find_task(config.task.id).form()))
      there.refuse("config." + key + " does not concern task " + config.task.id);
  return config;
}

std::vector<data::SourceFile> files_from(const Fields& object) {
  std::vector<data::SourceFile> files;
  for (const Json& json : object.list("files")) {
    const Fields file = object.entry(json, "an entry of files");
    files.push_back({formats::unescape_bytes(file.text("path")), file.text("sha256"),
                     static_cast<std::uint64_t>(file.count("bytes"))});
  }
  return files;
}

data::DataFacts dataset_from(const Fields& dataset) {
  data::DataFacts facts;
  facts.name = formats::unescape_bytes(dataset.text("name"));
  facts.n_train = dataset.count("n_train");
  facts.n_val = dataset.count("n_val");
  facts.n_test = dataset.count("n_test");
  facts.files = files_from(dataset);
  return facts;
}

ModelCosts model_from(const Fields& model) {
  return {model.count("params_total"), model.count("params_attention"), model.count("macs_forward"),
          model.count("kv_cache_bytes_per_token")};
}

Json curve_json(const std::vector<train::CurvePoint>& curve) {
  Json json = Json::array();
  for (const train::CurvePoint& point : curve) json.push_back(curve_point_json(point));
  return json;
}

std::vector<train::CurvePoint> curve_from(const Fields& result) {
  std::vector<train::CurvePoint> curve;
  for (const Json& json : result.list("curve")) {
    const Fields point = result.entry(json, "a point of curve");
    const auto number = [&](const char* key) { return point.number(key).value_or(NAN); };
    curve.push_back(
        {point.count("step"), number("train_loss"), number("train_accuracy"), number("lr"), number("grad_norm")});
  }
  return curve;
}

Json train_json(const TrainCounts& train) {
  return {{"steps", train.steps}, {"examples_seen", train.examples_seen}, {"tokens_seen", train.tokens_seen}};
}

TrainCounts train_from(const Fields& train) {
  return {train.count("steps"), train.count("examples_seen"), train.count("tokens_seen")};
}

struct TimingField {
  const char* name;
  std::optional<double> Timing::*member;
};
constexpr std::array<TimingField, 5> kTimes{{{"wall_s", &Timing::wall_s},
                                             {"train_s", &Timing::train_s},
                                             {"data_wait_s", &Timing::data_wait_s},
                                             {"tokens_per_s", &Timing::tokens_per_s},
                                             {"examples_per_s", &Timing::examples_per_s}}};

Timing timing_from(const Fields& there) {
  Timing timing;
  for (const TimingField& field : kTimes) timing.*field.member = there.number(field.name);
  timing.peak_rss_bytes = there.count("peak_rss_bytes");
  if (there.has("ranks"))
    timing.ranks = {there.count("ranks"), there.count("sent_bytes_per_step"), there.number("rank_wait_s")};
  return timing;
}

Json conversion_json(const Conversion& c) {
  return {{"variant", c.variant}, {"kv_heads", c.kv_heads}, {"methods", c.methods}, {"exact", c.exact}};
}

Conversion conversion_from(const Fields& c) {
  return {c.text("variant"), c.count("kv_heads"), c.texts("methods"), c.truth("exact")};
}

Origin origin_from(const Fields& there) {
  Origin origin{there.text("format"), files_from(there), numbers_from(there.object("claims")), {}};
  if (there.has("conversion")) origin.conversion = conversion_from(there.object("conversion"));
  return origin;
}

}  // namespace

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

std::optional<Status> status_of_name(std::string_view name) {
  const auto found = std::ranges::find(kStatuses, name, status_name);
  return found == kStatuses.end() ? std::nullopt : std::optional(*found);
}

Numbers timing_numbers(const Timing& timing) {
  Numbers numbers;
  for (const TimingField& field : kTimes) numbers.set(field.name, timing.*field.member);
  numbers.set_count("peak_rss_bytes", timing.peak_rss_bytes);
  if (!timing.ranks) return numbers;
  numbers.set_count("ranks", timing.ranks->ranks);
  numbers.set_count("sent_bytes_per_step", timing.ranks->sent_bytes_per_step);
  numbers.set("rank_wait_s", timing.ranks->rank_wait_s);
  return numbers;
}

Json tool_json(const Tool& tool) {
  Json json{{"version", tool.version},
            {"git_sha", tool.git_sha},
            {"compiler", tool.compiler},
            {"flags", tool.flags},
            {"gemm", tool.gemm}};
  if (tool.numerics != 1) json["numerics"] = tool.numerics;
  return json;
}

Json machine_json(const Machine& machine) {
  return {{"cpu", machine.cpu}, {"isa", machine.isa}, {"threads", machine.threads}, {"os", machine.os}};
}

Json model_json(const ModelCosts& costs) {
  return {{"params_total", costs.params_total},
          {"params_attention", costs.params_attention},
          {"macs_forward", costs.macs_forward},
          {"kv_cache_bytes_per_token", costs.kv_cache_bytes_per_token}};
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

data::DataFacts dataset_from_json(const Json& json, const std::string& origin) {
  return dataset_from(Fields(json, "dataset", origin));
}

Json curve_point_json(const train::CurvePoint& p) {
  return {{"step", p.step},
          {"train_loss", or_null(p.train_loss)},
          {"train_accuracy", or_null(p.train_accuracy)},
          {"lr", or_null(p.lr)},
          {"grad_norm", or_null(p.grad_norm)}};
}

Json origin_json(const Origin& origin) {
  Json json{{"format", origin.format}, {"files", files_json(origin.files)}, {"claims", numbers_json(origin.claims)}};
  if (origin.conversion) json["conversion"] = conversion_json(*origin.conversion);
  return json;
}

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

Json result_json(const Result& r) {
  Json json;
  json["schema_version"] = 1;
  json["status"] = status_name(r.status);
  json["tool"] = tool_json(r.tool);
  json["argv"] = formats::escape_bytes(r.argv);
  json["config"] = config_json(r.config);
  json["variant"] = variant_json(r.config);
  json["dataset"] = dataset_json(r.dataset);
  json["model"] = model_json(r.model);
  json["metrics"] = numbers_json(r.metrics);
  json["curve"] = curve_json(r.curve);
  json["train"] = train_json(r.train);
  json["timing"] = numbers_json(timing_numbers(r.timing));
  json["env"] = machine_json(r.env);
  if (r.origin) json["origin"] = origin_json(*r.origin);
  return json;
}

Result result_from_json(const Json& json, const std::string& origin) {
  const Fields there(json, "", origin);
  if (const Json& version = there.at("schema_version"); version != 1)
    there.refuse("schema_version is " + version.dump().substr(0, 40) + ", and this program reads 1");
  Result r;
  r.status = status_from(there);
  r.config = config_from(there);
  r.tool = tool_from(there.object("tool"));
  r.env = machine_from(there.object("env"));
  r.metrics = numbers_from(there.object("metrics"));
  r.curve = curve_from(there);
  r.model = model_from(there.object("model"));
  r.timing = timing_from(there.object("timing"));
  for (const std::string& argument : there.texts("argv")) r.argv.push_back(formats::unescape_bytes(argument));
  r.dataset = dataset_from(there.object("dataset"));
  r.train = train_from(there.object("train"));
  if (there.has("origin")) r.origin = origin_from(there.object("origin"));
  return r;
}

std::optional<Status> status_in(const Json& json) {
  const auto found = json.is_object() ? json.find("status") : json.end();
  return found != json.end() && found->is_string() ? status_of_name(found->get<std::string>()) : std::nullopt;
}

Result parse_result(std::string_view text, const std::string& origin) {
  return result_from_json(formats::parse_ordered(text, origin), origin);
}

std::string result_text(const Result& result) { return formats::text_of(result_json(result), 2) + "\n"; }

Json canonical_json(const Result& result) {
  Json json = result_json(result);
  for (const char* key : {"timing", "env", "tool", "argv"}) json.erase(key);
  return json;
}

}  // namespace qkvbench::run
