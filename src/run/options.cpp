// The table of configuration keys.
// To add a key: a member of what reads it (nn::ModelConfig, say) and a row here with the neutral value that means "as
// before"; flags, config files, results and help follow, and results of before stay what they are.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <type_traits>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/anomaly.hpp"
#include "qkvbench/data/vision.hpp"
#include "qkvbench/formats/json.hpp"
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

constexpr const char *kText = "gpt", *kAnswers = "answers", *kTokens = "gpt answers", *kImages = "vit", *kSets = "set",
                     *kFiles = "vit set", *kEpochs = "encoder vit set answers", *kPositions = "encoder gpt answers",
                     *kOrdered = "encoder vit gpt answers";

constexpr const char* kArm = Option::kArmGroup;

/// One of the names that nn knows.
template <const auto& Known>
std::vector<std::string> among() {
  return {Known.begin(), Known.end()};
}

std::vector<std::string> precision_names() { return {"fp32", "bf16"}; }
std::vector<std::string> activation_names() { return {"keep", "recompute"}; }

/// The place that a chain of members leads to.
template <auto... Path>
constexpr Option::Place at{[](const Config& config) -> Option::Value {
                             const auto& place = (config.*....*Path);
                             if constexpr (std::is_same_v<std::remove_cvref_t<decltype(place)>, nn::Variant>)
                               return place.id();
                             else
                               return place;
                           },
                           [](Config& config, const Option::Value& value) {
                             auto& place = (config.*....*Path);
                             if constexpr (std::is_same_v<std::remove_cvref_t<decltype(place)>, nn::Variant>)
                               place = nn::parse_variant(std::get<std::string>(value));
                             else
                               place = std::get<std::remove_cvref_t<decltype(place)>>(value);
                           }};

/// A model file, by its hash.
template <auto Member>
constexpr Option::Place weights_at{at<Member, &Weights::sha256>.get, at<Member, &Weights::sha256>.set, nullptr,
                                   [](const Config& config) -> const Weights& { return config.*Member; }};

/// A text that is one of some names.
template <auto Names, auto... Path>
constexpr Option::Place text_at{at<Path...>.get, at<Path...>.set, [] { return std::vector<std::string>(Names()); }};

/// A flag or an enumeration whose values have these names, in their order.
template <auto Names, auto... Path>
constexpr Option::Place choice_at{
    [](const Config& config) -> Option::Value {
      return std::vector<std::string>(Names())[static_cast<std::size_t>((config.*....*Path))];
    },
    [](Config& config, const Option::Value& value) {
      auto& place = (config.*....*Path);
      const std::vector<std::string> names = Names();
      const auto number = std::ranges::find(names, std::get<std::string>(value)) - names.begin();
      place = static_cast<std::remove_cvref_t<decltype(place)>>(number);
    },
    [] { return std::vector<std::string>(Names()); }};

const std::vector<Option>& table() {
  using C = Config;
  using T = data::TaskOptions;
  using M = nn::ModelConfig;
  using R = train::TrainOptions;
  using A = optim::AdamOptions;
  using S = optim::ScheduleOptions;
  using D = train::DistillOptions;
  static const std::vector<Option> options{
      {"task", "what to learn", "Task", text_at<task_names, &C::task, &T::id>},
      {"variant", "which projections are shared, e.g. qk_v, q_kv+ (see list variants)", "Model",
       at<&C::model, &M::variant>},
      {"corpus",
       "stories (generated), tinyshakespeare, a text file, bytes:FILE, bpe:FILE (GPT-2's tokens), or a directory with "
       "train.bin and val.bin",
       "Task", at<&C::task, &T::corpus>, 0, 0, kText},
      {"pad_documents",
       "a row is one document, filled up with the token that ends one, which is trained on: as the paper's released "
       "scripts do",
       "Task", at<&C::task, &T::pad_documents>, 0, 0, kText, "false"},
      {"data", "folder of the images or features; default: $QKVBENCH_DATA/<set>, or data/<set>", "Task",
       at<&C::task, &T::data>, 0, 0, kFiles},
      {"source", "what sets are made of: a set of images, or npy (see list tasks)", "Task",
       text_at<data::anomaly_sources, &C::task, &T::source>, 0, 0, kSets},
      {"image_size", "pixels a side; 0: as the set has it, 64 for folders", "Task", at<&C::task, &T::image_size>, 0,
       4096, kImages},
      {"channels", "3, or 1 for grey; 0: as the set has it, 3 for folders", "Task", at<&C::task, &T::channels>, 0, 3,
       kImages},
      {"classes", "classes of the model; 0: as many as the set has", "Model", at<&C::task, &T::classes>, 0, 1 << 20,
       kImages},
      {"augment", "none, or crop-flip: a random crop after padding by 4, a flip half the time", "Training",
       text_at<data::augment_names, &C::task, &T::augment>, 0, 0, kImages},
      {"features", "numbers of one element of a set; 0: as the source has it", "Model", at<&C::task, &T::features>, 0,
       1 << 20, kSets},
      {"d_model", "channels", "Model", at<&C::model, &M::d_model>, 1, 65536},
      {"layers", "blocks", "Model", at<&C::model, &M::layers>, 1, 1000},
      {"heads", "query heads", "Model", at<&C::model, &M::heads>, 1, 4096},
      {"kv_heads", "key/value heads; 0: as many as heads", "Model", at<&C::model, &M::kv_heads>, 0, 4096},
      {"seq_len", "positions of one example", "Task", at<&C::task, &T::seq_len>, 1, 1 << 20, kPositions},
      {"max_len", "learned positions; 0: seq-len, for lists at least 128", "Model", at<&C::model, &M::max_len>, 0,
       1 << 20, kPositions},
      {"vocab", "tokens of the model; 0: as many as the corpus or task has", "Model", at<&C::task, &T::vocab>, 0, 65536,
       kTokens},
      {"pairs", "recall: keys with their values before the queries; 0: a third of the positions", "Task",
       at<&C::task, &T::pairs>, 0, 1 << 15, kAnswers, "0"},
      {"distance", "copy-distance: how far back the symbol to copy stands; 0: half of the positions", "Task",
       at<&C::task, &T::distance>, 0, 1 << 20, kAnswers, "0"},
      {"tied_head", "the read-out is the embedding's transpose, or else a matrix of its own", "Model",
       at<&C::model, &M::tied_head>, 0, 0, kTokens, "true"},
      {"patch", "pixels a side of one patch", "Model", at<&C::model, &M::patch>, 1, 4096, kImages},
      {"pos_dim", "m, the size of the + term's position vectors; 0: 50 for images, 10 else", "Model",
       at<&C::model, &M::pos_dim>, 0, 4096},
      {"dropout", "share of residual activations dropped in training", "Model", at<&C::model, &M::dropout>, 0, 0.99},
      {"norm", "layernorm, or rmsnorm: no mean, no bias", "Block", text_at<among<nn::kNorms>, &C::model, &M::norm>, 0,
       0, nullptr, "layernorm"},
      {"norm_eps", "epsilon of every normalisation", "Block", at<&C::model, &M::norm_eps>, 1e-12, 1, nullptr, "1e-5"},
      {"mlp", "gelu, gelu_tanh, or swiglu: gated by SiLU", "Block", text_at<among<nn::kMlps>, &C::model, &M::mlp>, 0, 0,
       nullptr, "gelu"},
      {"d_ff", "inner width of the MLP; 0: 4 d_model, for swiglu two thirds of it, rounded up to 8", "Block",
       at<&C::model, &M::d_ff>, 0, kHuge, nullptr, "0"},
      {"bias", "biases in affine maps and LayerNorm", "Block", at<&C::model, &M::bias>, 0, 0, nullptr, "true"},
      {"positions", "learned, rope (heads turn by their position), or none", "Block",
       text_at<among<nn::kPositions>, &C::model, &M::positions>, 0, 0, kOrdered, "learned"},
      {"rope_base", "rope: pair j of w channels turns by base^(-2j/w) a position", "Block",
       at<&C::model, &M::rope_base>, 1, 1e9, kOrdered, "10000"},
      {"rope_dim", "rope: only the last so many channels of a head turn; 0: all (gta, mla, gla: half a head)", "Block",
       at<&C::model, &M::rope_dim>, 0, kHuge, kOrdered, "0"},
      {"rope_fraction", "rope: part of the pairs that turns, the fastest", "Block", at<&C::model, &M::rope_fraction>, 0,
       1, kOrdered, "1"},
      {"rope_style", "rope: half (channels j and j + w/2 make a pair) or interleaved (2j and 2j + 1)", "Block",
       text_at<among<nn::kRopeStyles>, &C::model, &M::rope_style>, 0, 0, kOrdered, "half"},
      {"rope_value", "rope, K = V: unrotated values, or relative: turned with the keys, and the output turned back",
       kArm, at<&C::model, &M::rope_value>, 0, 0, kOrdered, "unrotated"},
      {"qk_norm", "RMSNorm with gains on each head of q and k", "Block", at<&C::model, &M::qk_norm>, 0, 0, nullptr,
       "false"},
      {"v_norm", "RMSNorm without gains on each head of v", "Block", at<&C::model, &M::v_norm>, 0, 0, nullptr, "false"},
      {"attn_scale", "scale of the scores; 0: 1/sqrt(width of a key head)", "Block", at<&C::model, &M::attn_scale>, 0,
       1e3, nullptr, "0"},
      {"qk_head_dim", "width of a query and key head; 0: d_model/heads", kArm, at<&C::model, &M::qk_head_dim>, 0, kHuge,
       nullptr, "0"},
      {"v_head_dim", "width of a value head; 0: d_model/heads", kArm, at<&C::model, &M::v_head_dim>, 0, kHuge, nullptr,
       "0"},
      {"projection_gains", "a learned factor for each channel of q, k and v", kArm, at<&C::model, &M::projection_gains>,
       0, 0, nullptr, "false"},
      {"q_rank", "mla, gla: width of the query's latent; 0: queries straight from x", kArm, at<&C::model, &M::q_rank>,
       0, kHuge, nullptr, "0"},
      {"kv_rank", "mla, gla: width of a latent; 0: four heads, shared among the latents", kArm,
       at<&C::model, &M::kv_rank>, 0, kHuge, nullptr, "0"},
      {"nope_dim", "mla, gla: channels of a key head that do not turn; 0: d_model/heads", kArm,
       at<&C::model, &M::nope_dim>, 0, kHuge, nullptr, "0"},
      {"latent_heads", "gla: number of latents; 0: 2", kArm, at<&C::model, &M::latent_heads>, 0, kHuge, nullptr, "0"},
      {"qvv_route", "qvv3: the second map of a query, full (d by d) or head (one for each head)", kArm,
       text_at<among<nn::kQvvRoutes>, &C::model, &M::qvv_route>, 0, 0, nullptr, "full"},
      {"plus", "the + term: 2d as in the paper, its column or its temperature alone, or relative: by distance", kArm,
       text_at<among<nn::kPlusForms>, &C::model, &M::plus>, 0, 0, nullptr, "2d"},
      {"epochs", "passes over the training data", "Training", at<&C::epochs>, 1, kHuge, kEpochs},
      {"steps", "optimizer steps; 0: as many as the epochs take", "Training", at<&C::steps>, 0, kHuge},
      {"batch_size", "examples in a step", "Training", at<&C::train, &R::batch_size>, 1, 1 << 20},
      {"micro_batch", "examples held at a time, gradients add up; 0: of 4,096 positions, so that they stay in cache",
       "Training", at<&C::train, &R::micro_batch>, 0, 1 << 20},
      {"replicas",
       "fixed parts of a step whose gradients are added in a fixed order, for as many MPI ranks; a power of two",
       "Training", at<&C::train, &R::replicas>, 1, 1024, nullptr, "1"},
      {"activations", "keep them for the backward pass, or recompute them block by block (same bits, less memory)",
       "Training", choice_at<activation_names, &C::model, &M::recompute>},
      {"precision", "of training's products: fp32, or bf16 with sums, weights, norms and optimizer in fp32", "Training",
       choice_at<precision_names, &C::train, &R::precision>, 0, 0, nullptr, "fp32", true},
      {"optimizer", "adam or adamw", "Training", choice_at<optimizer_names, &C::train, &R::adam, &A::decoupled>},
      {"lr", "largest learning rate", "Training", at<&C::train, &R::lr>, 0, 1e6},
      {"schedule", "how the learning rate falls: cosine, multistep or constant", "Training",
       text_at<optim::schedule_names, &C::train, &R::schedule, &S::name>},
      {"warmup", "share of the steps over which the learning rate rises linearly", "Training", at<&C::warmup>, 0, 1},
      {"final_lr", "where cosine ends, as a share of lr", "Training", at<&C::train, &R::schedule, &S::final_factor>, 0,
       1},
      {"beta1", "Adam's decay of the first moment", "Training", at<&C::train, &R::adam, &A::beta1>, 0, 0.999999999},
      {"beta2", "Adam's decay of the second moment", "Training", at<&C::train, &R::adam, &A::beta2>, 0, 0.999999999},
      {"eps", "Adam's epsilon", "Training", at<&C::train, &R::adam, &A::eps>, 0, 1},
      {"weight_decay", "on every parameter: added to the gradient (adam) or decoupled (adamw)", "Training",
       at<&C::train, &R::adam, &A::weight_decay>, 0, 1e3},
      {"grad_clip", "largest global gradient norm; 0: no clipping", "Training", at<&C::train, &R::adam, &A::grad_clip>,
       0, kHuge},
      {"n_train", "training examples; 0: as the task has it", "Task", at<&C::task, &T::n_train>, 0, kHuge, kEpochs},
      {"n_test", "test examples; 0: as the task has it", "Task", at<&C::task, &T::n_test>, 0, kHuge, kEpochs},
      {"n_val", "examples held out of training, to choose by", "Task", at<&C::task, &T::n_val>, 0, kHuge, kFiles},
      {"init_from", "begin with the weights of a run or model file instead of random ones; its sizes are the defaults",
       "Training", weights_at<&C::init_from>, 0, 0, nullptr, ""},
      {"distill", "learn from the logits of this run or model file too, as a teacher", "Training",
       weights_at<&C::distill>, 0, 0, nullptr, ""},
      {"distill_weight", "share of the teacher in the loss, the targets have the rest", "Training",
       at<&C::train, &R::distill, &D::weight>, 0, 1, nullptr, "0.5"},
      {"distill_temperature", "logits of both are divided by it before they are compared", "Training",
       at<&C::train, &R::distill, &D::temperature>, 0.01, 1e3, nullptr, "2"},
      {"distill_layers", "weight of the squared distance between what attention adds in each layer", "Training",
       at<&C::train, &R::distill, &D::layers>, 0, 1e6, nullptr, "0"},
      {"freeze", "parameters that keep their values: beginnings of names, between commas", "Training",
       at<&C::train, &R::freeze>, 0, 0, nullptr, ""},
      {"log_every", "steps that one point of the curve averages; 0: a fiftieth of all", "Training",
       at<&C::train, &R::log_every>, 0, kHuge},
      {"seed", "of data, order, initial values and dropout", "Task", at<&C::task, &T::seed>, 0, 9007199254740992.0},
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

bool Option::concerns(const std::string& form) const { return families == nullptr || has_word(families, form); }

namespace {

Option::Value neutral_value(const Option& option) {
  Config before;
  set_option(before, option, option.neutral);
  return option.value(before);
}

}  // namespace

bool Option::is_neutral(const Config& config) const {
  if (neutral == nullptr) return false;
  static const std::map<const Option*, Value> known = [] {  // whoever reads results asks for every key of each
    std::map<const Option*, Value> values;
    for (const Option& option : all_options())
      if (option.neutral != nullptr) values.emplace(&option, neutral_value(option));
    return values;
  }();
  const auto at = known.find(this);
  return (at != known.end() ? at->second : neutral_value(*this)) == value(config);
}

std::string Option::text(const Config& config) const {
  const Json json = std::visit([](const auto& said) { return Json(said); }, value(config));
  return json.is_string() ? json.get<std::string>() : json.dump();
}

std::string Option::argument(const Config& config) const {
  const bool found = place.weights != nullptr && !place.weights(config).file.empty();
  return found ? place.weights(config).file.string() : text(config);
}

std::span<const Option> all_options() { return table(); }

const Option& find_option(const std::string& key, const std::string& origin) {
  std::vector<std::string> known;
  for (const Option& option : table()) {
    if (key == option.key) return option;
    known.emplace_back(option.key);
  }
  fail_usage(origin + ": " + unknown_name_in_short("key", key, known) + " (`qkvbench help train` lists them)");
}

void set_option(Config& config, const Option& option, const std::string& text) {
  const auto read = [&](const auto& old) -> Option::Value {
    using T = std::remove_cvref_t<decltype(old)>;
    if constexpr (std::is_same_v<T, std::string>) {
      if (option.place.names == nullptr) return text;
      const std::vector<std::string> known = option.place.names();
      if (std::ranges::find(known, text) == known.end())
        fail_usage(option.flag() + ": " + unknown_name(option.key, text, known));
      return text;
    } else if constexpr (std::is_same_v<T, bool>) {
      if (text != "true" && text != "false") fail_usage(option.flag() + ": it is true or false, not '" + text + "'");
      return text == "true";
    } else {
      const std::string fault = number_fault(text, option.least, option.most, !std::is_floating_point_v<T>);
      if (!fault.empty()) fail_usage(option.flag() + ": " + fault);
      const T value = number_in<T>(text);
      return value == T{} ? T{} : value;  // -0 is 0, in names too
    }
  };
  option.place.set(config, std::visit(read, option.value(config)));
}

}  // namespace qkvbench::run
