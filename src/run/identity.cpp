// Which keys are of no effect is stated once, in identity_of(); everything else compares what it leaves.
// The kernels and the trainer are the reason for each line, see there.
#include "qkvbench/run/identity.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

std::string hash8(const Json& json) { return formats::sha256(json.dump()).substr(0, 8); }

std::string name_of(const Config& config, const std::string& hash) {
  return config.task.id + "-" + config.model.variant.id() + "-s" + std::to_string(config.task.seed) + "-" + hash;
}

std::string value_text(const Config& config, const Option& option) {
  return formats::text_of(std::visit([](const auto& value) { return Json(value); }, option.value(config)));
}

/// The entry of a file by its path in a dataset object's list, or null.
nlohmann::json file_of(const nlohmann::json& files, const std::string& path) {
  for (const auto& file : files)
    if (file.is_object() && file.value("path", "") == path) return file;
  return nullptr;
}

}  // namespace

Config identity_of(const Config& resolved) {
  Config c = resolved;
  const std::string family = data::find_task(c.task.id).form();
  if (find_option("epochs", "").concerns(family) && c.steps > 0) {
    c.epochs = Config{}.epochs;
    const index_t steps_of_epoch =
        c.task.n_train > 0 ? train::steps_per_epoch(c.task.n_train, c.train.batch_size) : c.steps + 1;
    if (c.steps % steps_of_epoch == 0) c.epochs = c.steps / steps_of_epoch, c.steps = 0;
  }
  c.model.recompute = false;
  c.train.log_every = default_log_every(c);
  if (!c.model.variant.plus) c.model.pos_dim = default_pos_dim(family);
  // Sizes that are what would follow, and learned positions where there are none.
  nn::ModelConfig follows = c.model;
  follows.d_ff = follows.qk_head_dim = follows.v_head_dim = 0;
  if (c.model.d_ff == follows.inner_width()) c.model.d_ff = 0;
  if (c.model.heads > 0 && c.model.d_model % c.model.heads == 0) {
    if (c.model.qk_head_dim == follows.key_width()) c.model.qk_head_dim = 0;
    if (c.model.v_head_dim == follows.value_width()) c.model.v_head_dim = 0;
  }
  using M = nn::ModelConfig;
  for (index_t M::*const size : {&M::rope_dim, &M::kv_rank, &M::nope_dim, &M::latent_heads}) {
    follows = c.model;
    follows.*size = 0;
    follows.variant.kind->complete(follows);
    if (c.model.*size == follows.*size) c.model.*size = 0;
  }
  if (!c.model.variant.kind->rotary && c.model.rope_dim == c.model.key_width()) c.model.rope_dim = 0;
  if (c.model.positions != "learned") c.model.max_len = default_max_len(c);
  if (c.train.schedule.name != "cosine") c.train.schedule.final_factor = 0;
  if (c.train.adam.weight_decay == 0) c.train.adam.decoupled = false;
  return c;
}

bool same_training(const Config& a, const Config& b) {
  return config_json(identity_of(a)) == config_json(identity_of(b));
}

std::string differing_keys(const Config& there, const Config& asked) {
  std::string text;
  for (const Option& option : all_options()) {
    const std::string found = value_text(there, option), wanted = value_text(asked, option);
    if (found != wanted) text += (text.empty() ? "" : ", ") + std::string(option.key) + " " + found + ", not " + wanted;
  }
  return text;
}

std::string config_hash(const Config& config) { return hash8(config_json(identity_of(config))); }

std::string run_name(const Config& config) { return name_of(config, config_hash(config)); }

std::string former_run_name(const Config& config) { return name_of(config, hash8(config_json(config))); }

fs::path run_directory(const fs::path& out, const Config& resolved) {
  const fs::path now = out / run_name(resolved), former = out / former_run_name(resolved);
  std::error_code ignored;
  return !fs::exists(now, ignored) && fs::exists(former, ignored) ? former : now;
}

std::string other_files(const nlohmann::json& remembered, const data::DataFacts& today) {
  if (!remembered.is_object() || !remembered.contains("files")) return "";
  const nlohmann::json now = dataset_json(today);
  for (const auto& file : now["files"]) {
    const std::string path = file["path"];
    const nlohmann::json before = file_of(remembered["files"], path);
    if (before.is_null()) return path + " was not among its files";
    if (before != file) return path + " is another file now";
  }
  return "";
}

std::string other_data(const nlohmann::json& remembered, const data::DataFacts& today) {
  const nlohmann::json now = dataset_json(today);
  if (!remembered.is_object() || remembered == now) return "";
  if (const std::string files = other_files(remembered, today); !files.empty()) return files;
  for (const char* key : {"name", "n_train", "n_val", "n_test"})
    if (const nlohmann::json before = remembered.value(key, nlohmann::json()); before != now[key])
      return std::string(key) + " is " + now[key].dump() + " and was " + before.dump();
  return "it was trained on more files";
}

void check_same_data(const nlohmann::json& remembered, const data::DataFacts& today, const char* what,
                     const fs::path& directory) {
  const std::string other = other_data(remembered, today);
  if (!other.empty())
    fail_usage(std::string("the ") + what + " run in " + directory.string() +
               " was trained on other data of the same name (" + other +
               "); --overwrite runs it again on what is there now");
}

}  // namespace qkvbench::run
