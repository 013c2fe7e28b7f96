// The configuration of a run: one flat record whose keys are the flags' names, read and written by one table.
// Everything a result depends on is here, and nothing else (no threads, no paths).
#pragma once
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <variant>

#include "qkvbench/data/dataset.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/nn/model.hpp"
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::run {

using formats::Json;

/// A model file that a configuration names. None when both are empty.
struct Weights {
  /// Of the file; until resolve() a run or a model file may stand here, which then goes to `file`.
  std::string sha256;
  std::filesystem::path file;  ///< no key: where it is, where somebody said so

  bool empty() const { return sha256.empty(); }
  /// Throws Error (usage) when nobody said where it is: "the run <does> the weights …", and the flag that says it.
  const std::filesystem::path& found(const std::string& does, const std::string& flag) const;
};

/// What a run is: its task, its model and its training, each as the room that reads it takes it, and how long it
/// trains. Not all values concern every task. Zero means "follows from the others" where the option's help says so,
/// until resolve(), which also fills in what no key says: the model's family and sizes of its data, the number of
/// steps.
struct Config {
  data::TaskOptions task;
  nn::ModelConfig model;
  train::TrainOptions train;
  index_t epochs = 2;
  index_t steps = 0;     ///< 0: as many as the epochs take (stays 0 when resolved)
  double warmup = 0.05;  ///< share of the steps
  Weights init_from;     ///< that a run begins with; none: with random ones
  Weights distill;       ///< of the model that a run learns from beside its targets; none: from the targets alone

  /// The defaults of keys, which are Table 1's recipe.
  Config();
};

/// One key of the configuration: its place in Config, what it may be, and how help explains it.
struct Option {
  using Value = std::variant<std::string, bool, index_t, double, std::uint64_t>;
  /// A member of Config or of what it holds. A choice among names is a text here, whatever its type there.
  struct Place {
    Value (*get)(const Config& config);
    void (*set)(Config& config, const Value& value);  ///< of the type that get() returns
    std::vector<std::string> (*names)() = nullptr;    ///< texts only: known values; null: checked by set() or elsewhere
    const Weights& (*weights)(const Config& config) = nullptr;  ///< of keys that name a model file
  };

  const char* key;
  const char* help;
  const char* group;
  Place place;
  double least = 0, most = 0;      ///< numbers only; inclusive
  const char* families = nullptr;  ///< forms of tasks that it concerns, between spaces; null: all
  /// Of a key that is newer than some stored configurations: the value, as a flag's text, that means "as before there
  /// was this key". It is then in neither the config object nor the hash, so old results keep their names. Null: a key
  /// of the first version of the schema, which is always there.
  const char* neutral = nullptr;
  bool compared = false;  ///< part of an arm though it is in another group

  /// The group of keys that say how q, k and v are made, beside variant and kv_heads: with those two, and what else is
  /// `compared`, they make an arm of a study, what its tables compare.
  static constexpr const char* kArmGroup = "Attention";
  bool of_arm() const { return compared || std::string_view(group) == kArmGroup; }

  /// "--d-model"
  std::string flag() const;
  bool concerns(const std::string& form) const;
  /// Whether the key is left out of this configuration's object.
  bool is_neutral(const Config& config) const;
  Value value(const Config& config) const { return place.get(config); }
  /// The value as the flag's text.
  std::string text(const Config& config) const;
  /// The same for another process, which has to find a file that the value only names by its hash.
  std::string argument(const Config& config) const;
};

/// All keys, in the order of help and of result.json.
std::span<const Option> all_options();
/// Throws Error (usage) naming `origin`, with the nearest key, if there is no such key.
const Option& find_option(const std::string& key, const std::string& origin);

/// Sets one key from text. Throws Error (usage) naming the flag when the text is no such number or out of range,
/// or with the nearest value when the name is unknown.
void set_option(Config& config, const Option& option, const std::string& text);

/// A named starting point: keys that differ from the defaults.
struct Preset {
  const char *id, *summary;
  bool recipe;  ///< where a run of its task begins when nothing else is named
  std::vector<std::pair<std::string, std::string>> values;
};
std::span<const Preset> all_presets();
/// Throws Error (usage) with the nearest name if there is no such preset.
const Preset& find_preset(const std::string& id);
/// The preset that a task's runs begin with, or null: then it is the defaults.
const Preset* default_preset(const std::string& task);
void apply_preset(Config& config, const Preset& preset);

/// A JSON value as the text that a flag would have, escaped bytes as they were. Throws Error (usage) naming `where`
/// when it is neither text nor number.
std::string flag_text(const nlohmann::json& value, const std::string& where);

/// The config object of a result.json or a checkpoint, or a file that holds one (a result.json as it is; "-" is
/// standard input).
/// Throws Error (usage) on an unknown key, with the nearest one, and on a value of the wrong kind.
Config config_from_json(const nlohmann::json& json, const std::string& origin);
Config read_config(const std::filesystem::path& path);
/// The model file of a run directory, or the file itself. Throws Error (input) when there is none.
std::filesystem::path model_file_of(const std::filesystem::path& path);
/// The configuration that a run or a model file was trained with, as a starting point for another run.
/// Throws Error (input), or (usage) as stored_config().
Config config_of_model(const std::filesystem::path& path);
/// The config object of a result, checkpoint or model file, as a run wrote it: a newer key that it lacks has its
/// neutral value, not the default. `options` are for tests.
Config stored_config(const nlohmann::json& json, const std::string& origin,
                     std::span<const Option> options = all_options());

/// Throws Error (usage) when the key does not concern the configuration's task: it would have no effect. The error
/// names the tasks that it concerns, as `--task` to add where nobody chose a task.
void check_concerns(const Config& config, const Option& option, bool task_is_chosen = true);

/// Fills in what follows from other keys, writes names in their canonical form, and checks that everything fits and
/// that no key was changed that does not concern the task. Keys that another one overrules take the value they have
/// when nothing is said: epochs beside steps, pos_dim without +. Reads of the data what sizes follow from.
/// Throws Error (usage), or as the task's data do.
void resolve(Config& config);

/// What micro_batch is where nothing is said, by train::micro_batch_in_cache. Throws what making the model throws.
index_t default_micro_batch(const Config& config);

/// Learned positions, steps that a point of the curve averages, and m of the positional term (by family: the paper's),
/// where nothing is said.
index_t default_max_len(const Config& config);
index_t default_log_every(const Config& config);
index_t default_pos_dim(const std::string& family);

/// The config object of a result: every key that concerns the task, resolved; newer keys unless they are neutral.
Json config_json(const Config& config, std::span<const Option> options = all_options());
/// The first 8 hexadecimal digits of the SHA-256 of the config object of identity_of(config), see identity.hpp.
std::string config_hash(const Config& config);
/// "reverse-qk_v-s0-1a2b3c4d": one name for all configurations that train the same weights.
std::string run_name(const Config& config);

/// What a run's speed is told in: images or sets of so many tokens, else tokens.
struct SpeedUnit {
  const char* name;
  index_t tokens;
};
SpeedUnit speed_unit(const Config& config);

}  // namespace qkvbench::run
