// Configuration to and from JSON, what follows from what, and what it means for model, data and trainer.
// The keys themselves are in options.cpp.
#include "qkvbench/run/config.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/anomaly.hpp"
#include "qkvbench/data/image_sources.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::run {

namespace {

index_t total_steps(const Config& config) {
  return config.steps > 0 ? config.steps : config.epochs * train::steps_per_epoch(config.n_train, config.batch_size);
}

void check_changed_keys(const Config& config) {
  const Config defaults;
  for (const Option& option : all_options())
    std::visit(
        [&](auto member) {
          if (config.*member != defaults.*member) check_concerns(config, option);
        },
        option.member);
}

/// Takes over what the task's data fix.
void complete_data(Config& c, const data::Task& task) {
  if (task.family == "gpt" && c.steps == 0)
    fail_usage("task " + c.task + " has no epochs, so --steps must say how many optimizer steps to take");
  data::TaskOptions options = task_options(c);
  task.complete(options);
  if (task.family != "gpt") c.n_train = options.n_train;
  c.n_test = options.n_test;
  c.vocab = options.vocab;
  c.image_size = options.image_size;
  c.channels = options.channels;
  c.classes = options.classes;
  c.features = options.features;
}

}  // namespace

index_t default_pos_dim(const std::string& family) { return family == "vit" ? 50 : 10; }

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
      set_option(config, option, flag_text(value, key));
    } catch (const Error& error) {
      fail_usage(origin + ": " + error.what());
    }
  }
  return config;
}

}  // namespace

Config config_from_json(const nlohmann::json& json, const std::string& origin) { return with_json({}, json, origin); }

Config stored_config(const nlohmann::json& json, const std::string& origin, std::span<const Option> options) {
  Config before;
  for (const Option& option : options)
    if (option.neutral != nullptr) set_option(before, option, option.neutral);
  return with_json(before, json, origin);
}

Config read_config(const std::filesystem::path& path) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
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
    const bool read = task.family == "vit" && !data::find_image_source(task.id).generated();
    if (option.concerns(task.family) && (option.key != std::string_view("data") || read)) names.emplace_back(task.id);
  }
  return names;
}

}  // namespace

void check_concerns(const Config& config, const Option& option, bool task_is_chosen) {
  if (option.concerns(data::find_task(config.task).family)) return;
  const std::string tasks = join(tasks_of(option), " or ");
  fail_usage(option.flag() + " does not concern task " + config.task +
             (task_is_chosen ? ", but " + tasks + "; leave it out" : "; add --task " + tasks + ", or leave it out"));
}

void resolve(Config& c) {
  check_changed_keys(c);
  const data::Task& task = data::find_task(c.task);
  const nn::Variant variant = nn::parse_variant(c.variant);
  c.variant = variant.id();
  if (c.kv_heads == 0) c.kv_heads = c.heads;
  if (c.pos_dim == 0) c.pos_dim = default_pos_dim(task.family);
  if (c.pos_dim < 2) fail_usage("pos_dim 1 has no room for rows and columns; it is at least 2");
  if (!variant.plus) c.pos_dim = default_pos_dim(task.family);
  if (c.steps > 0) c.epochs = Config{}.epochs;
  if (c.max_len == 0 && find_option("max_len", "").concerns(task.family))
    c.max_len = task.family == "gpt" ? c.seq_len : std::max<index_t>(128, c.seq_len);
  if (c.micro_batch > c.batch_size)
    fail_usage("micro_batch " + std::to_string(c.micro_batch) + " is larger than batch_size " +
               std::to_string(c.batch_size) + "; lower --micro-batch, or leave it out");
  nn::check_heads(model_config(c));
  complete_data(c, task);
  if (c.log_every == 0) c.log_every = default_log_every(c);
  const index_t in_cache = default_micro_batch(c);
  if (c.micro_batch == 0) c.micro_batch = in_cache;
}

index_t default_micro_batch(const Config& config) {
  const nn::Model declared(model_config(config));  // with the families' own checks
  return train::micro_batch_in_cache(config.batch_size, declared.family().positions());
}

namespace {
std::string stored_form(const std::string& text) { return formats::escape_bytes(text); }
template <class Number>
Number stored_form(Number number) {
  return number;
}
}  // namespace

Json config_json(const Config& config, std::span<const Option> options) {
  const std::string family = data::find_task(config.task).family;
  Json json;
  for (const Option& option : options)
    if (option.concerns(family) && !option.is_neutral(config))
      std::visit([&](auto member) { json[option.key] = stored_form(config.*member); }, option.member);
  return json;
}

SpeedUnit speed_unit(const Config& config) {
  const nn::Model declared(model_config(config));
  const index_t tokens = declared.family().positions();
  if (declared.config().family == "vit") return {"images", tokens};
  if (declared.config().family == "set") return {"sets", tokens};
  return {"tokens", 1};
}

nn::ModelConfig model_config(const Config& c) {
  nn::ModelConfig m;
  m.family = data::find_task(c.task).family;
  m.variant = nn::parse_variant(c.variant);
  m.d_model = c.d_model;
  m.layers = c.layers;
  m.heads = c.heads;
  m.kv_heads = c.kv_heads;
  m.seq_len = m.family == "set" ? data::kSetSize : c.seq_len;
  m.max_len = c.max_len;
  m.pos_dim = c.pos_dim;
  if (c.vocab > 0) m.vocab = c.vocab;
  m.image_size = c.image_size;
  m.channels = c.channels;
  m.patch = c.patch;
  m.classes = c.classes;
  m.features = c.features;
  m.dropout = static_cast<real>(c.dropout);
  m.recompute = c.activations == "recompute";
  return m;
}

data::TaskOptions task_options(const Config& c) {
  data::TaskOptions o;
  o.task = c.task;
  o.seq_len = c.seq_len;
  // A text has no number of examples: every step draws new windows.
  o.n_train = data::find_task(c.task).family == "gpt" ? c.steps * c.batch_size : c.n_train;
  o.n_test = c.n_test;
  o.n_val = c.n_val;
  o.corpus = c.corpus;
  o.vocab = c.vocab;
  o.data = c.data;
  o.source = c.source;
  o.augment = c.augment;
  o.image_size = c.image_size;
  o.channels = c.channels;
  o.classes = c.classes;
  o.features = c.features;
  o.seed = c.seed;
  return o;
}

train::TrainOptions train_options(const Config& c) {
  const index_t steps = total_steps(c);
  const index_t of_epoch = c.n_train > 0 ? train::steps_per_epoch(c.n_train, c.batch_size) : 0;
  return {c.batch_size,
          c.micro_batch,
          steps,
          c.log_every,
          c.lr,
          {c.schedule, optim::warmup_steps_of(c.warmup, steps), c.final_lr, steps,
           of_epoch > 0 && steps % of_epoch == 0 ? of_epoch : 0},
          {c.optimizer == "adamw", c.beta1, c.beta2, c.eps, c.weight_decay, c.grad_clip},
          c.seed};
}

}  // namespace qkvbench::run
