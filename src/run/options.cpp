// The table of configuration keys.
// To add a key: a member of Config and a row here with the neutral value that means "as before"; flags, config files,
// results and help follow, and results of before stay what they are.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <type_traits>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/anomaly.hpp"
#include "qkvbench/data/vision.hpp"
#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

namespace {

constexpr double kHuge = 1e9;

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const data::Task& task : data::all_tasks()) names.push_back(task.id);
  return names;
}
std::vector<std::string> optimizer_names() { return {"adam", "adamw"}; }

constexpr const char *kText = "gpt", *kImages = "vit", *kSets = "set", *kFiles = "vit set",
                     *kEpochs = "encoder vit set", *kPositions = "encoder gpt";

std::vector<std::string> activation_names() { return {"keep", "recompute"}; }

const std::vector<Option>& table() {
  using C = Config;
  static const std::vector<Option> options{
      {"task", "what to learn", "Task", &C::task, 0, 0, task_names},
      {"variant", "which projections are shared, e.g. qk_v, q_kv+ (see list variants)", "Model", &C::variant},
      {"corpus",
       "stories (generated), tinyshakespeare, a text file, bytes:FILE, or a directory with train.bin and val.bin",
       "Task", &C::corpus, 0, 0, nullptr, kText},
      {"data", "folder of the images or features; default: $QKVBENCH_DATA/<set>, or data/<set>", "Task", &C::data, 0, 0,
       nullptr, kFiles},
      {"source", "what sets are made of: a set of images, or npy (see list tasks)", "Task", &C::source, 0, 0,
       data::anomaly_sources, kSets},
      {"image_size", "pixels a side; 0: as the set has it, 64 for folders", "Task", &C::image_size, 0, 4096, nullptr,
       kImages},
      {"channels", "3, or 1 for grey; 0: as the set has it, 3 for folders", "Task", &C::channels, 0, 3, nullptr,
       kImages},
      {"classes", "classes of the model; 0: as many as the set has", "Model", &C::classes, 0, 1 << 20, nullptr,
       kImages},
      {"augment", "none, or crop-flip: a random crop after padding by 4, a flip half the time", "Training", &C::augment,
       0, 0, data::augment_names, kImages},
      {"features", "numbers of one element of a set; 0: as the source has it", "Model", &C::features, 0, 1 << 20,
       nullptr, kSets},
      {"d_model", "channels", "Model", &C::d_model, 1, 65536},
      {"layers", "blocks", "Model", &C::layers, 1, 1000},
      {"heads", "query heads", "Model", &C::heads, 1, 4096},
      {"kv_heads", "key/value heads; 0: as many as heads", "Model", &C::kv_heads, 0, 4096},
      {"seq_len", "positions of one example", "Task", &C::seq_len, 1, 1 << 20, nullptr, kPositions},
      {"max_len", "learned positions; 0: seq-len, for lists at least 128", "Model", &C::max_len, 0, 1 << 20, nullptr,
       kPositions},
      {"vocab", "tokens of the model; 0: as many as the corpus has", "Model", &C::vocab, 0, 65536, nullptr, kText},
      {"patch", "pixels a side of one patch", "Model", &C::patch, 1, 4096, nullptr, kImages},
      {"pos_dim", "m, the size of the + term's position vectors; 0: 50 for images, 10 else", "Model", &C::pos_dim, 0,
       4096},
      {"dropout", "share of residual activations dropped in training", "Model", &C::dropout, 0, 0.99},
      {"epochs", "passes over the training data", "Training", &C::epochs, 1, kHuge, nullptr, kEpochs},
      {"steps", "optimizer steps; 0: as many as the epochs take", "Training", &C::steps, 0, kHuge},
      {"batch_size", "examples in a step", "Training", &C::batch_size, 1, 1 << 20},
      {"micro_batch", "examples held at a time, gradients add up; 0: of 4,096 positions, so that they stay in cache",
       "Training", &C::micro_batch, 0, 1 << 20},
      {"activations", "keep them for the way back, or recompute them block by block (same bits, less memory)",
       "Training", &C::activations, 0, 0, activation_names},
      {"optimizer", "adam or adamw", "Training", &C::optimizer, 0, 0, optimizer_names},
      {"lr", "largest learning rate", "Training", &C::lr, 0, 1e6},
      {"schedule", "how the learning rate falls: cosine, multistep or constant", "Training", &C::schedule, 0, 0,
       optim::schedule_names},
      {"warmup", "share of the steps over which the learning rate rises linearly", "Training", &C::warmup, 0, 1},
      {"final_lr", "where cosine ends, as a share of lr", "Training", &C::final_lr, 0, 1},
      {"beta1", "Adam's decay of the first moment", "Training", &C::beta1, 0, 0.999999999},
      {"beta2", "Adam's decay of the second moment", "Training", &C::beta2, 0, 0.999999999},
      {"eps", "Adam's epsilon", "Training", &C::eps, 0, 1},
      {"weight_decay", "on every parameter: added to the gradient (adam) or decoupled (adamw)", "Training",
       &C::weight_decay, 0, 1e3},
      {"grad_clip", "largest global gradient norm; 0: no clipping", "Training", &C::grad_clip, 0, kHuge},
      {"n_train", "training examples; 0: as the task has it", "Task", &C::n_train, 0, kHuge, nullptr, kEpochs},
      {"n_test", "test examples; 0: as the task has it", "Task", &C::n_test, 0, kHuge, nullptr, kEpochs},
      {"n_val", "examples held out of training, to choose by", "Task", &C::n_val, 0, kHuge, nullptr, kFiles},
      {"log_every", "steps that one point of the curve averages; 0: a fiftieth of all", "Training", &C::log_every, 0,
       kHuge},
      {"seed", "of data, order, initial values and dropout", "Task", &C::seed, 0, 9007199254740992.0},
  };
  return options;
}

/// A text in which number_fault() finds nothing.
template <class Number>
Number number_in(const std::string& text) {
  if constexpr (std::is_floating_point_v<Number>) {
    return std::strtod(text.c_str(), nullptr);  // not from_chars, which libc++ has for integers only
  } else {
    Number value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
}

}  // namespace

std::string Option::flag() const {
  std::string text = "--" + std::string(key);
  for (char& c : text)
    if (c == '_') c = '-';
  return text;
}

bool Option::concerns(const std::string& family) const {
  if (families == nullptr) return true;
  const std::vector<std::string> named = split(families, ' ');
  return std::find(named.begin(), named.end(), family) != named.end();
}

bool Option::is_neutral(const Config& config) const {
  if (neutral == nullptr) return false;
  Config before;
  set_option(before, *this, neutral);
  return std::visit([&](auto place) { return before.*place == config.*place; }, member);
}

std::span<const Option> all_options() { return table(); }

const Option& find_option(const std::string& key, const std::string& origin) {
  std::vector<std::string> known;
  for (const Option& option : table()) {
    if (key == option.key) return option;
    known.emplace_back(option.key);
  }
  fail_usage(origin + ": " + unknown_name("key", key, known));
}

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
          const std::string fault = number_fault(text, option.least, option.most, !std::is_floating_point_v<T>);
          if (!fault.empty()) fail_usage(option.flag() + ": " + fault);
          const T value = number_in<T>(text);
          place = value == T{} ? T{} : value;  // -0 is 0, in names too
        }
      },
      option.member);
}

}  // namespace qkvbench::run
