// Configuration to and from JSON, what follows from what, and what it means for model, data and trainer.
// The keys themselves are in options.cpp.
#include "qkvbench/experiment/config.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/train/strict_json.hpp"

namespace qkvbench::experiment {

namespace {

index_t total_steps(const Config& config) {
  return config.steps > 0 ? config.steps : config.epochs * train::steps_per_epoch(config.n_train, config.batch_size);
}

/// A JSON value as the text a flag would have; throws when it is neither text nor number.
std::string as_text(const nlohmann::json& value, const std::string& where) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  fail_usage(where + " must be a text or a number, not " + value.dump().substr(0, 40));
}

}  // namespace

Config config_from_json(const nlohmann::json& json, const std::string& origin) {
  if (!json.is_object()) fail_usage(origin + ": a configuration is a JSON object");
  Config config;
  std::vector<std::string> known;
  for (const Option& option : all_options()) known.emplace_back(option.key);
  for (const auto& [key, value] : json.items()) {
    const auto option =
        std::find_if(all_options().begin(), all_options().end(), [&k = key](const Option& o) { return k == o.key; });
    if (option == all_options().end()) fail_usage(origin + ": " + unknown_name("key", key, known));
    try {
      set_option(config, *option, as_text(value, key));
    } catch (const Error& error) {
      fail_usage(origin + ": " + error.what());
    }
  }
  return config;
}

Config read_config(const std::filesystem::path& path) {
  const nlohmann::json json = train::parse_json(read_file(path, std::uint64_t{64} << 20), path.string());
  return config_from_json(json.is_object() && json.contains("config") ? json["config"] : json, path.string());
}

void resolve(Config& c) {
  const nn::Variant variant = nn::parse_variant(c.variant);
  c.variant = variant.id();
  if (c.kv_heads == 0) c.kv_heads = c.heads;
  if (c.max_len == 0) c.max_len = std::max<index_t>(128, c.seq_len);
  if (c.log_every == 0) c.log_every = std::max<index_t>(1, total_steps(c) / 50);
  nn::check_heads(*variant.sharing, c.d_model, c.heads, c.kv_heads);
  data::find_task(c.task).check(task_options(c));
  const nn::Model declared(model_config(c));  // the families' own checks
}

Json config_json(const Config& config) {
  Json json;
  for (const Option& option : all_options())
    std::visit([&](auto member) { json[option.key] = config.*member; }, option.member);
  return json;
}

std::string config_hash(const Config& config) { return sha256(config_json(config).dump()).substr(0, 8); }

std::string run_name(const Config& config) {
  return config.task + "-" + config.variant + "-s" + std::to_string(config.seed) + "-" + config_hash(config);
}

nn::ModelConfig model_config(const Config& c) {
  nn::ModelConfig m;
  m.family = data::find_task(c.task).family;
  m.variant = nn::parse_variant(c.variant);
  m.d_model = c.d_model;
  m.layers = c.layers;
  m.heads = c.heads;
  m.kv_heads = c.kv_heads;
  m.seq_len = c.seq_len;
  m.max_len = c.max_len;
  m.pos_dim = c.pos_dim;
  m.dropout = static_cast<real>(c.dropout);
  return m;
}

data::TaskOptions task_options(const Config& c) { return {c.task, c.seq_len, c.n_train, c.n_test, c.seed}; }

train::TrainOptions train_options(const Config& c) {
  const index_t steps = total_steps(c);
  const auto warmup_steps = static_cast<index_t>(std::llround(c.warmup * static_cast<double>(steps)));
  return {c.batch_size,
          steps,
          c.log_every,
          c.lr,
          {c.schedule, warmup_steps, c.final_lr, steps},
          {c.optimizer == "adamw", c.beta1, c.beta2, c.eps, c.weight_decay, c.grad_clip},
          c.seed};
}

}  // namespace qkvbench::experiment
