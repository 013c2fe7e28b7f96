// What all foreign models share: names that are taken one by one, GPT-2's tensors, and the comparison at the end.
// A tensor that nobody took is an error: a model that is understood in part computes something else.
#include "qkvbench/run/foreign_model.hpp"

#include <charconv>
#include <cstring>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::run {

using formats::ForeignTensor;
using formats::shape_text;

void ForeignNames::strip(const std::string& prefix) {
  if (tensors_.empty()) return;
  for (const auto& [name, tensor] : tensors_)
    if (!name.starts_with(prefix)) return;
  formats::ForeignTensors stripped;
  for (auto& [name, tensor] : tensors_) stripped.emplace(name.substr(prefix.size()), std::move(tensor));
  tensors_ = std::move(stripped);
}

void ForeignNames::strip_inner(const std::string& prefix) {
  formats::ForeignTensors stripped;
  for (auto& [name, tensor] : tensors_) {
    const std::string plain = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
    if (!stripped.emplace(plain, tensor).second)
      fail_input(origin_ + ": " + formats::quoted(plain) + " is there with and without " + prefix);
  }
  tensors_ = std::move(stripped);
}

ForeignTensor ForeignNames::take(const std::string& name, std::size_t rank) {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail_input(origin_ + ": there is no tensor " + formats::quoted(name));
  if (found->second.shape.size() != rank)
    fail_input(origin_ + ": " + formats::quoted(name) + " has shape " + shape_text(found->second.shape) +
               ", it should have " + std::to_string(rank) + " sizes");
  taken_.insert(name);
  return found->second;
}

index_t ForeignNames::layers(const std::string& prefix) const {
  index_t most = 0;
  for (const auto& [name, tensor] : tensors_) {
    if (!name.starts_with(prefix)) continue;
    index_t n = -1;
    const char *begin = name.data() + prefix.size(), *end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(begin, end, n);
    if (error == std::errc{} && stop != end && *stop == '.' && n >= 0 && n < 1 << 20) most = std::max(most, n + 1);
  }
  return most;
}

void ForeignNames::finish() const {
  for (const auto& [name, tensor] : tensors_)
    if (!taken_.contains(name))
      fail_input(origin_ + ": " + formats::quoted(name) + " " + shape_text(tensor.shape) +
                 " is no parameter of a model that is known here");
}

void set_foreign(Config& config, const std::string& key, const std::string& text, const std::string& origin) {
  try {
    set_option(config, find_option(key, origin), text);
  } catch (const Error& error) {
    if (error.status() != Exit::kUsage) throw;
    fail_input(origin + ": " + error.what());
  }
}

void claim(ForeignModel& model, const char* key, formats::Pickle::Value value) {
  if (value.is(formats::Pickle::Kind::kFloat)) model.claims.set(key, value.number());
}

index_t steps_of(formats::Pickle::Value value) {
  constexpr std::int64_t kMost = 1'000'000'000;
  return value.is(formats::Pickle::Kind::kInteger) && value.integer() > 0 && value.integer() < kMost ? value.integer()
                                                                                                     : 0;
}

void drop_masks(ForeignNames& names, index_t layers) {
  for (index_t i = 0; i < layers; ++i) {
    const std::string mask = "h." + std::to_string(i) + ".attn.bias";
    if (names.has(mask)) names.take(mask, 4), names.drop(mask);
  }
}

void set_gpt_sizes(Config& config, const GptSizes& sizes, const std::string& origin) {
  set_foreign(config, "task", "lm", origin);
  config.task.corpus.clear();
  set_foreign(config, "vocab", std::to_string(sizes.vocab), origin);
  set_foreign(config, "max_len", std::to_string(sizes.max_len), origin);
  set_foreign(config, "seq_len", std::to_string(sizes.max_len), origin);
  set_foreign(config, "layers", std::to_string(sizes.layers), origin);
  set_foreign(config, "d_model", std::to_string(sizes.d_model), origin);
  set_foreign(config, "heads", std::to_string(sizes.heads), origin);
  for (const auto& [name, size] :
       {std::pair{"vocabulary", sizes.vocab}, std::pair{"positions", sizes.max_len}, std::pair{"layers", sizes.layers},
        std::pair{"channels", sizes.d_model}, std::pair{"heads", sizes.heads}})
    if (size < 1) fail_input(origin + ": the number of its " + name + " is " + std::to_string(size));
  if (sizes.d_model % sizes.heads != 0)
    fail_input(origin + ": " + std::to_string(sizes.heads) + " heads do not divide " + std::to_string(sizes.d_model) +
               " channels");
}

namespace {

bool same_numbers(const ForeignTensor& a, const ForeignTensor& b) {
  if (a.shape != b.shape) return false;
  if (a.storage == b.storage && a.offset == b.offset && a.strides == b.strides) return true;
  std::vector<float> memory_a, memory_b;
  const auto x = formats::floats_of(a, a.storage->where, memory_a),
             y = formats::floats_of(b, b.storage->where, memory_b);
  return std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
}

/// The read-out of a language model: its own matrix, or a copy of the embedding, or not in the file.
void place_head(ForeignModel& model, ForeignNames& names, bool tied) {
  const std::string head = "lm_head.weight";
  set_foreign(model.config, "tied_head", tied ? "true" : "false", names.origin());
  if (!tied) {
    model.parameters["head.weight"] = {head, names.take(head, 2)};
  } else if (names.has(head)) {
    if (!same_numbers(names.take(head, 2), model.parameters.at("tok_emb.weight").tensor))
      fail_input(names.origin() +
                 ": lm_head.weight is not the embedding, and the configuration says that they are tied");
  }
}

}  // namespace

void place_gpt(ForeignModel& model, ForeignNames& names, bool transposed, bool tied) {
  const auto matrix = [&](const std::string& ours, const std::string& theirs) {
    const ForeignTensor tensor = names.take(theirs + ".weight", 2);
    model.parameters[ours + ".weight"] = {theirs + ".weight", transposed ? formats::transposed(tensor) : tensor};
  };
  const auto vector = [&](const std::string& ours, const std::string& theirs) {
    if (names.has(theirs)) model.parameters[ours] = {theirs, names.take(theirs, 1)};
  };
  model.parameters["tok_emb.weight"] = {"wte.weight", names.take("wte.weight", 2)};
  model.parameters["pos_emb.weight"] = {"wpe.weight", names.take("wpe.weight", 2)};
  for (index_t i = 0; i < model.config.model.layers; ++i) {
    const std::string ours = "blocks." + std::to_string(i) + ".", theirs = "h." + std::to_string(i) + ".";
    for (const char* norm : {"1", "2"})
      for (const char* part : {".weight", ".bias"}) vector(ours + "ln" + norm + part, theirs + "ln_" + norm + part);
    matrix(ours + "attn.c_proj", theirs + "attn.c_proj");
    matrix(ours + "mlp.fc_in", theirs + "mlp.c_fc");
    matrix(ours + "mlp.fc_out", theirs + "mlp.c_proj");
    vector(ours + "attn.c_proj.bias", theirs + "attn.c_proj.bias");
    vector(ours + "mlp.fc_in.bias", theirs + "mlp.c_fc.bias");
    vector(ours + "mlp.fc_out.bias", theirs + "mlp.c_proj.bias");
  }
  vector("ln_f.weight", "ln_f.weight");
  vector("ln_f.bias", "ln_f.bias");
  set_foreign(model.config, "bias", names.has("ln_f.bias") ? "true" : "false", names.origin());
  place_head(model, names, tied);
}

void place_c_attn(ForeignModel& model, ForeignNames& names, bool transposed) {
  const index_t d = model.config.model.d_model;
  for (index_t i = 0; i < model.config.model.layers; ++i) {
    const std::string theirs = "h." + std::to_string(i) + ".attn.c_attn",
                      ours = "blocks." + std::to_string(i) + ".attn.c_";
    ForeignTensor weight = names.take(theirs + ".weight", 2);
    if (weight.shape != (transposed ? std::vector<index_t>{d, 3 * d} : std::vector<index_t>{3 * d, d}))
      fail_input(names.origin() + ": " + formats::quoted(theirs + ".weight") + " has shape " +
                 shape_text(weight.shape) + ", it should have " + (transposed ? "[d, 3 d]" : "[3 d, d]") +
                 " with d = " + std::to_string(d));
    if (transposed) weight = formats::transposed(weight);
    const bool has_bias = names.has("h." + std::to_string(i) + ".attn.c_proj.bias");
    const ForeignTensor bias = has_bias ? names.take(theirs + ".bias", 1) : ForeignTensor{};
    if (has_bias && bias.shape[0] != 3 * d)
      fail_input(names.origin() + ": " + formats::quoted(theirs + ".bias") + " has shape " + shape_text(bias.shape) +
                 ", it should have [" + std::to_string(3 * d) + "]");
    index_t first = 0;
    for (const char* letter : {"q", "k", "v"}) {
      model.parameters[ours + letter + ".weight"] = {theirs + ".weight", formats::rows_of(weight, first, d)};
      if (has_bias) model.parameters[ours + letter + ".bias"] = {theirs + ".bias", formats::rows_of(bias, first, d)};
      first += d;
    }
  }
}

void finish_model(ForeignModel& model, const ForeignNames& names) {
  names.finish();
  try {
    if (model.config.task.id == "lm") model.config.steps = std::max<index_t>(1, model.steps);
    resolve(model.config);
  } catch (const Error& error) {
    if (error.status() != Exit::kUsage) throw;
    fail_input(names.origin() + ": " + error.what());
  }
  const nn::Model declared(model.config.model);
  // Linear maps may have no biases beside norms that have them; a file that lost one of many is damaged.
  const bool no_biases = !model.parameters.contains("blocks.0.attn.c_proj.bias");
  bool zeros = false;
  std::set<std::string> known;
  for (const nn::Parameter& p : declared.parameters().all()) {
    known.insert(p.name);
    const std::vector<index_t> shape = train::sizes_of(p.shape);
    const auto found = model.parameters.find(p.name);
    if (found == model.parameters.end()) {
      const bool affine = p.name.ends_with(".bias") && p.name.find("ln") == p.name.npos;
      if (!affine || !no_biases)
        fail_input(names.origin() + ": there is no tensor for the parameter " + p.name + " " + shape_text(shape));
      model.parameters[p.name] = {};
      zeros = true;
    } else if (found->second.tensor.shape != shape) {
      fail_input(names.origin() + ": " + formats::quoted(found->second.theirs) + " gives " + p.name + " the shape " +
                 shape_text(found->second.tensor.shape) + ", and the configuration says " + shape_text(shape));
    }
  }
  for (const auto& [name, parameter] : model.parameters)
    if (!known.contains(name))
      fail_input(names.origin() + ": " + formats::quoted(parameter.theirs) +
                 " is no parameter of the model that its configuration says");
  if (zeros) model.notes.push_back("the file has no biases in its linear maps; they are zeros here");
}

}  // namespace qkvbench::run
