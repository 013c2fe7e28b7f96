// Configuration to and from JSON, and what follows from what.
// The keys themselves are in options.cpp.
#include "qkvbench/run/config.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/anomaly.hpp"
#include "qkvbench/data/image_sources.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/model_file.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::run {

namespace {

index_t total_steps(const Config& c) {
  return c.steps > 0 ? c.steps : c.epochs * train::steps_per_epoch(c.task.n_train, c.train.batch_size);
}

void check_changed_keys(const Config& config) {
  const Config defaults;
  for (const Option& option : all_options())
    if (option.value(config) != option.value(defaults)) check_concerns(config, option);
}

/// Fills in what no key says but follows from them.
void follow(Config& c) {
  nn::ModelConfig& m = c.model;
  const data::Task& task = data::find_task(c.task.id);
  m.family = task.family;
  m.seq_len = task.traits().fixed_seq_len > 0 ? task.traits().fixed_seq_len : c.task.seq_len;
  if (c.task.vocab > 0) m.vocab = c.task.vocab;
  m.image_size = c.task.image_size;
  m.channels = c.task.channels;
  m.classes = c.task.classes;
  m.features = c.task.features;
  // A text has no number of examples: every step draws new windows.
  c.task.n_windows = task.traits().draws_windows ? c.steps * c.train.batch_size : 0;
  const index_t steps = total_steps(c);
  const index_t of_epoch = c.task.n_train > 0 ? train::steps_per_epoch(c.task.n_train, c.train.batch_size) : 0;
  c.train.seed = c.task.seed;
  c.train.total_steps = c.train.schedule.total_steps = steps;
  c.train.schedule.warmup_steps = optim::warmup_steps_of(c.warmup, steps);
  c.train.schedule.steps_per_epoch = of_epoch > 0 && steps % of_epoch == 0 ? of_epoch : 0;
}

/// Takes over what the task's data fix.
void complete_data(Config& c, const data::Task& task) {
  if (task.traits().draws_windows && c.steps == 0)
    fail_usage("task " + c.task.id + " has no epochs, so --steps must say how many optimizer steps to take");
  task.complete(c.task);
}

}  // namespace

const std::filesystem::path& Weights::found(const std::string& does, const std::string& flag) const {
  if (file.empty())
    fail_usage("the run " + does + " the weights " + sha256.substr(0, 8) +
               "…, of which no file is named; say which with " + flag);
  return file;
}

Config::Config() {
  model.variant = nn::parse_variant("q_k_v");
  model.kv_heads = model.max_len = model.pos_dim = 0;
  train.adam.grad_clip = 5;
}

index_t default_pos_dim(const std::string& family) { return data::traits_of(family).pos_dim; }

index_t default_max_len(const Config& config) {
  return std::max(data::find_task(config.task.id).traits().least_max_len, config.task.seq_len);
}

index_t default_log_every(const Config& config) { return std::max<index_t>(1, total_steps(config) / 50); }

std::string flag_text(const nlohmann::json& value, const std::string& where) {
  if (value.is_string()) return formats::unescape_bytes(value.get<std::string>());
  if (value.is_number()) return value.dump();
  fail_usage(where + " must be a text or a number, not " + value.dump().substr(0, 40));
}

namespace {

/// Sets what the object holds on top of `config`.
Config with_json(Config config, const nlohmann::json& json, const std::string& origin) {
  if (!json.is_object()) fail_usage(origin + ": a configuration is a JSON object");
  for (const auto& [key, value] : json.items()) {
    const Option& option = find_option(key, origin);
    try {
      const bool truth = value.is_boolean() && std::holds_alternative<bool>(option.value(config));
      set_option(config, option, truth ? value.dump() : flag_text(value, key));
    } catch (const Error& error) {
      fail_usage(origin + ": " + error.what());
    }
  }
  return config;
}

}  // namespace

Config config_from_json(const nlohmann::json& json, const std::string& origin) {
  return with_json(Config(), json, origin);
}

Config stored_config(const nlohmann::json& json, const std::string& origin, std::span<const Option> options) {
  Config before;
  for (const Option& option : options)
    if (option.neutral != nullptr) set_option(before, option, option.neutral);
  Config config = with_json(before, json, origin);
  follow(config);
  return config;
}

std::filesystem::path model_file_of(const std::filesystem::path& path) {
  const bool beside = path.filename() == "result.json";  // what train prints
  const std::filesystem::path file = beside                                ? path.parent_path() / "model.safetensors"
                                     : std::filesystem::is_directory(path) ? path / "model.safetensors"
                                                                           : path;
  if (std::filesystem::is_regular_file(file)) return file;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    if (std::filesystem::is_regular_file(entry.path() / "model.safetensors"))
      fail_input("there is no " + file.string() + ", but runs; name one of them, such as " + entry.path().string());
  fail_input("there is no " + file.string() + "; name a run directory or a model.safetensors");
}

Config config_of_model(const std::filesystem::path& path) {
  const auto file = formats::Safetensors::map(model_file_of(path));
  const std::string origin = file.origin() + ": config";
  Config config = config_in(file.metadata("config"), origin);
  config.init_from = config.distill = {};
  config.train.distill = {};
  config.train.freeze.clear();
  config.train.micro_batch = config.train.log_every = 0;  // as they follow from what is asked for now
  return config;
}

Config read_config(const std::filesystem::path& path) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
  if (path.extension() == ".safetensors")
    fail_usage("--config: " + path.string() + " is a model; name the run's directory or its result.json");
  if (std::filesystem::exists(path / "result.json")) return read_config(path / "result.json");
  const std::string origin = name_of_input(path);
  const nlohmann::json json = formats::parse_json(read_named_file(path, kMostBytes), origin);
  const bool stored = json.is_object() && json.contains("config");
  return stored ? stored_config(json["config"], origin) : config_from_json(json, origin);
}

namespace {

/// The tasks that a key concerns. A folder is for sets that are read, not for those that are drawn.
std::vector<std::string> tasks_of(const Option& option) {
  std::vector<std::string> names;
  for (const data::Task& task : data::all_tasks()) {
    const bool read = task.traits().images && !data::find_image_source(task.id).generated();
    if (option.concerns(task.form()) && (option.key != std::string_view("data") || read)) names.emplace_back(task.id);
  }
  return names;
}

}  // namespace

void check_concerns(const Config& config, const Option& option, bool task_is_chosen) {
  if (option.concerns(data::find_task(config.task.id).form())) return;
  const std::string tasks = join(tasks_of(option), " or ");
  fail_usage(option.flag() + " does not concern task " + config.task.id +
             (task_is_chosen ? ", but " + tasks + "; leave it out" : "; add --task " + tasks + ", or leave it out"));
}

namespace {

/// A run or model file becomes its hash, and its place goes to `file`.
void resolve_weights(Weights& weights) {
  const std::string& named = weights.sha256;
  const bool is_hash = named.size() == 64 && named.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (is_hash) return;
  weights.file = model_file_of(named);
  weights.sha256 = formats::sha256_file(weights.file);
}

void resolve_distill(Config& c) {
  if (!c.distill.empty()) return resolve_weights(c.distill);
  for (const char* key : {"distill_weight", "distill_temperature", "distill_layers"})
    if (!find_option(key, "").is_neutral(c))
      fail_usage(find_option(key, "").flag() + " says how to learn from another model; name it with --distill");
}

/// The weights that a run begins with: their hash into the configuration, and of text their vocabulary into the task,
/// since their ids would mean something else in another.
void resolve_init(Config& c) {
  resolve_weights(c.init_from);
  if (c.init_from.file.empty() || c.task.tokenizer || !data::find_task(c.task.id).traits().decodes) return;
  const auto file = formats::Safetensors::map(c.init_from.file);
  if (!file.metadata().contains("tokenizer")) return;
  const std::string origin = c.init_from.file.string() + ": tokenizer";
  c.task.tokenizer = tokenizer_from_json(formats::parse_json(file.metadata("tokenizer"), origin), origin);
}

/// A batch has to be of whole parts, and a part no smaller than a micro-batch.
void check_batch(const train::TrainOptions& o) {
  const std::string batch = "batch_size " + std::to_string(o.batch_size), replicas = std::to_string(o.replicas);
  if (const auto power = static_cast<index_t>(std::bit_floor(static_cast<std::size_t>(o.replicas)));
      power != o.replicas)
    fail_usage("replicas " + replicas + " is no power of two; write --replicas " + std::to_string(power) + " or " +
               std::to_string(2 * power));
  if (const index_t rest = o.batch_size % o.replicas; rest != 0)
    fail_usage(batch + " cannot be split into " + replicas + " replicas; write --batch-size " +
               std::to_string(o.batch_size - rest + o.replicas) + ", or --replicas " +
               std::to_string(std::gcd(o.batch_size, o.replicas)));
  if (o.micro_batch > o.batch_size / o.replicas)
    fail_usage("micro_batch " + std::to_string(o.micro_batch) + " is larger than " + batch +
               (o.replicas > 1 ? " / replicas " + replicas : "") + "; lower --micro-batch, or leave it out");
}

/// One text for one set of parameters, whatever the order in which it was given.
void resolve_freeze(Config& c) {
  std::vector<std::string> prefixes = split(c.train.freeze, ',');
  std::ranges::sort(prefixes);
  std::vector<std::string> kept;
  for (const std::string& prefix : prefixes)
    if (kept.empty() || kept.back().empty() || !prefix.starts_with(kept.back())) kept.push_back(prefix);
  c.train.freeze = join(kept, ",");
  train::frozen_parameters(nn::Model(c.model).parameters(), c.train.freeze);
}

}  // namespace

void resolve(Config& c) {
  check_changed_keys(c);
  const data::Task& task = data::find_task(c.task.id);
  nn::ModelConfig& m = c.model;
  if (m.kv_heads == 0) m.kv_heads = m.heads;
  if (m.pos_dim == 0) m.pos_dim = default_pos_dim(task.family);
  if (m.pos_dim < 2) fail_usage("pos_dim 1 has no room for rows and columns; it is at least 2");
  if (!m.variant.plus) m.pos_dim = default_pos_dim(task.family);
  if (c.steps > 0) c.epochs = Config().epochs;
  if (m.max_len == 0 && find_option("max_len", "").concerns(task.form())) m.max_len = default_max_len(c);
  check_batch(c.train);
  if (!c.init_from.empty()) resolve_init(c);
  resolve_distill(c);
  // Sizes that follow from others stay zero, so that all ways to make q, k and v share one configuration.
  nn::BlockSpec checked = m;
  nn::complete_block(checked);
  complete_data(c, task);
  follow(c);
  if (c.train.log_every == 0) c.train.log_every = default_log_every(c);
  const index_t in_cache = default_micro_batch(c);
  if (!c.train.freeze.empty()) resolve_freeze(c);
  if (c.train.micro_batch == 0) c.train.micro_batch = in_cache;
}

index_t default_micro_batch(const Config& config) {
  const nn::Model declared(config.model);  // with the families' own checks
  const index_t part =
      std::max<index_t>(1, config.train.batch_size / config.train.replicas);  // a file may say anything
  return train::micro_batch_in_cache(part, declared.family().positions());
}

namespace {
Json stored_form(const std::string& text) { return formats::escape_bytes(text); }
template <class Number>
Json stored_form(Number number) {
  return number;
}
}  // namespace

Json config_json(const Config& config, std::span<const Option> options) {
  const std::string family = data::find_task(config.task.id).form();
  Json json;
  for (const Option& option : options)
    if (option.concerns(family) && !option.is_neutral(config))
      json[option.key] = std::visit([](const auto& value) { return stored_form(value); }, option.value(config));
  return json;
}

SpeedUnit speed_unit(const Config& config) {
  const nn::Model declared(config.model);
  const data::FamilyTraits& traits = data::traits_of(declared.config().family);
  return {traits.unit, traits.unit_is_token ? 1 : declared.family().positions()};
}

}  // namespace qkvbench::run
