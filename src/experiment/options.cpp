// The table of configuration keys and the table of presets.
// To add a key: a member of Config and a row here; flags, config files, results and help follow.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <type_traits>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/experiment/config.hpp"

namespace qkvbench::experiment {

namespace {

constexpr double kHuge = 1e9;

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const data::Task& task : data::all_tasks()) names.push_back(task.id);
  return names;
}
std::vector<std::string> optimizer_names() { return {"adam", "adamw"}; }

const std::vector<Option>& table() {
  static const std::vector<Option> options{
      {"task", "what to learn", "Task", &Config::task, 0, 0, task_names},
      {"variant", "which projections are shared, e.g. qk_v, q_kv+ (see list variants)", "Model", &Config::variant, 0, 0,
       nullptr},
      {"d_model", "channels", "Model", &Config::d_model, 1, 65536, nullptr},
      {"layers", "blocks", "Model", &Config::layers, 1, 1000, nullptr},
      {"heads", "query heads", "Model", &Config::heads, 1, 4096, nullptr},
      {"kv_heads", "key/value heads; 0: as many as heads", "Model", &Config::kv_heads, 0, 4096, nullptr},
      {"seq_len", "positions of one example", "Task", &Config::seq_len, 1, 1 << 20, nullptr},
      {"max_len", "learned positions; 0: 128, or seq-len if longer", "Model", &Config::max_len, 0, 1 << 20, nullptr},
      {"pos_dim", "m, the size of the + term's position vectors", "Model", &Config::pos_dim, 2, 4096, nullptr},
      {"dropout", "share of residual activations dropped in training", "Model", &Config::dropout, 0, 0.99, nullptr},
      {"epochs", "passes over the training data", "Training", &Config::epochs, 1, kHuge, nullptr},
      {"steps", "optimizer steps instead of epochs; 0: as many as the epochs take", "Training", &Config::steps, 0,
       kHuge, nullptr},
      {"batch_size", "examples in a step", "Training", &Config::batch_size, 1, 1 << 20, nullptr},
      {"optimizer", "adam or adamw", "Training", &Config::optimizer, 0, 0, optimizer_names},
      {"lr", "largest learning rate", "Training", &Config::lr, 0, 1e6, nullptr},
      {"schedule", "how the learning rate falls: cosine, multistep or constant", "Training", &Config::schedule, 0, 0,
       optim::schedule_names},
      {"warmup", "share of the steps over which the learning rate rises linearly", "Training", &Config::warmup, 0, 1,
       nullptr},
      {"final_lr", "where cosine ends, as a share of lr", "Training", &Config::final_lr, 0, 1, nullptr},
      {"beta1", "Adam's decay of the first moment", "Training", &Config::beta1, 0, 0.999999999, nullptr},
      {"beta2", "Adam's decay of the second moment", "Training", &Config::beta2, 0, 0.999999999, nullptr},
      {"eps", "Adam's epsilon", "Training", &Config::eps, 0, 1, nullptr},
      {"weight_decay", "on every parameter: added to the gradient (adam) or decoupled (adamw)", "Training",
       &Config::weight_decay, 0, 1e3, nullptr},
      {"grad_clip", "largest global gradient norm; 0: no clipping", "Training", &Config::grad_clip, 0, kHuge, nullptr},
      {"n_train", "training examples", "Task", &Config::n_train, 1, kHuge, nullptr},
      {"n_test", "test examples", "Task", &Config::n_test, 1, kHuge, nullptr},
      {"log_every", "steps that one point of the curve averages; 0: a fiftieth of all", "Training", &Config::log_every,
       0, kHuge, nullptr},
      {"seed", "of data, order, initial values and dropout", "Task", &Config::seed, 0, 9007199254740992.0, nullptr},
  };
  return options;
}

const std::vector<Preset>& presets() {
  static const std::vector<Preset> rows{
      {"quick", "REVERSE in seconds: what train does when no task is named", {{"task", "reverse"}, {"epochs", "10"}}},
      {"table1", "the authors' recipe for the synthetic tasks: 2 epochs of 10,000 lists", {}},
  };
  return rows;
}

/// Parses a number in full; throws Error (usage).
template <class Number>
Number parse_number(const std::string& flag, const std::string& text) {
  Number value{};
  bool whole = false;
  if constexpr (std::is_floating_point_v<Number>) {
    // Not from_chars, which libc++ has for integers only. strtod would skip spaces in front.
    char* end = nullptr;
    value = std::strtod(text.c_str(), &end);
    whole = !text.empty() && std::isspace(static_cast<unsigned char>(text[0])) == 0 && *end == '\0';
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    whole = error == std::errc{} && end == text.data() + text.size();
  }
  if (!whole)
    fail_usage(flag + ": '" + text + "' is no " + (std::is_floating_point_v<Number> ? "number" : "whole number"));
  return value;
}

std::string number_text(double x) {
  if (x == std::floor(x) && std::abs(x) < 1e15) return std::to_string(static_cast<long long>(x));
  return Json(x).dump();
}

}  // namespace

std::string Option::flag() const {
  std::string text = "--" + std::string(key);
  for (char& c : text)
    if (c == '_') c = '-';
  return text;
}

std::span<const Option> all_options() { return table(); }

void set_option(Config& config, const Option& option, const std::string& text) {
  std::visit(
      [&](auto member) {
        auto& place = config.*member;
        using T = std::remove_reference_t<decltype(place)>;
        if constexpr (std::is_same_v<T, std::string>) {
          if (option.names) {
            const std::vector<std::string> known = option.names();
            if (std::find(known.begin(), known.end(), text) == known.end())
              fail_usage(option.flag() + ": " + unknown_name(option.key, text, known));
          }
          place = text;
        } else {
          const T value = parse_number<T>(option.flag(), text);
          // Written so that NaN is refused too.
          if (!(static_cast<double>(value) >= option.least && static_cast<double>(value) <= option.most))
            fail_usage(option.flag() + ": " + text + " is not between " + number_text(option.least) + " and " +
                       number_text(option.most));
          place = value;
        }
      },
      option.member);
}

std::span<const Preset> all_presets() { return presets(); }

const Preset& find_preset(const std::string& id) {
  std::vector<std::string> ids;
  for (const Preset& preset : presets()) {
    if (id == preset.id) return preset;
    ids.emplace_back(preset.id);
  }
  fail_usage(unknown_name("preset", id, ids));
}

void apply_preset(Config& config, const Preset& preset) {
  for (const auto& [key, value] : preset.values)
    for (const Option& option : table())
      if (key == option.key) set_option(config, option, value);
}

}  // namespace qkvbench::experiment
