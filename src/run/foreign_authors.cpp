// The authors' checkpoints: encoders and image models as their exporter writes them, language models of eight classes.
// Class names do not say what is shared; the projections' names and sizes do.
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "qkvbench/run/foreign_model.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::run {

using formats::ForeignTensor;
using formats::TorchFile;
using Value = formats::Pickle::Value;
using Kind = formats::Pickle::Kind;

namespace {

/// A dictionary of settings; every error names the key.
class Settings {
 public:
  Settings(Value dict, std::string origin) : dict_(dict), origin_(std::move(origin)) {
    if (!dict.is(Kind::kDict)) fail_input(origin_ + " is no dictionary");
  }
  bool has(const char* key) const { return static_cast<bool>(dict_.find(key)); }
  index_t integer(const char* key) const {
    const Value value = dict_.find(key);
    if (!value) fail_input(origin_ + ": there is no " + key);
    if (!value.is(Kind::kInteger)) fail_input(origin_ + ": " + key + " is no integer of 64 bits");
    return value.integer();
  }
  index_t integer(const char* key, index_t otherwise) const { return has(key) ? integer(key) : otherwise; }
  double number(const char* key) const {
    const Value value = dict_.find(key);
    if (value.is(Kind::kInteger)) return static_cast<double>(value.integer());
    if (!value.is(Kind::kFloat)) fail_input(origin_ + ": " + key + " is no number");
    return value.number();
  }
  bool flag(const char* key, bool otherwise) const {
    if (!has(key)) return otherwise;
    if (!dict_.find(key).is(Kind::kBool)) fail_input(origin_ + ": " + key + " is neither true nor false");
    return dict_.find(key).integer() != 0;
  }
  std::string text(const char* key) const {
    const Value value = dict_.find(key);
    if (!value.is(Kind::kText))
      fail_input(origin_ + ": " + (value ? key + std::string(" is no text") : std::string("there is no ") + key));
    return std::string(value.text());
  }
  /// Throws unless all keys are among these, between spaces.
  void check_keys(std::string_view known) const {
    for (std::size_t i = 0; i + 1 < dict_.size(); i += 2) {
      const std::string key = dict_[i].is(Kind::kText) ? std::string(dict_[i].text()) : "that is no text";
      if (!has_word(known, key)) fail_input(origin_ + ": the setting " + formats::quoted(key) + " is not known");
    }
  }
  const std::string& origin() const { return origin_; }

 private:
  Value dict_;
  std::string origin_;
};

std::string number_text(double x) { return std::isfinite(x) ? Json(x).dump() : "nan"; }

/// The authors' name of a variant; a bare QKV means three projections in theirs.
std::string variant_of(std::string name, const std::string& origin) {
  if (name == "QKV" || name == "(QKV)+" || name == "QKV+") return name == "QKV" ? "q_k_v" : "q_k_v+";
  try {
    return nn::parse_variant(name).id();
  } catch (const Error& error) {
    fail_input(origin + ": variant: " + error.what());
  }
}

/// "synthetic-REVERSE" is the task reverse, "vision-fmnist" is fashion-mnist here.
std::string task_of(std::string name, const std::string& origin) {
  const std::string full = name;
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* prefix : {"synthetic-", "vision-"})
    if (name.starts_with(prefix)) name = name.substr(std::string_view(prefix).size());
  std::string plain;
  if (name == "fmnist") name = "fashionmnist";
  for (const data::Task& task : data::all_tasks()) {
    plain.clear();
    for (const char c : task.id)
      if (c != '-' && c != '_') plain += c;
    if (plain == name) return task.id;
  }
  fail_input(origin + ": the task " + formats::quoted(full) + " is not known");
}

/// What a block of an encoder or image model has beside its projections.
void place_block(ForeignModel& model, ForeignNames& names, const std::string& block, bool image) {
  const auto same = [&](const std::string& ours, const std::string& theirs) {
    for (const auto& [part, rank] : {std::pair{".weight", 2}, std::pair{".bias", 1}}) {
      const bool norm = ours.find(".ln") != ours.npos && ours.find(".attn") == ours.npos;
      const std::size_t sizes = norm ? 1 : static_cast<std::size_t>(rank);
      if (names.has(theirs + part)) model.parameters[ours + part] = {theirs + part, names.take(theirs + part, sizes)};
    }
  };
  same(block + "ln1", block + "ln1");
  same(block + "ln2", block + "ln2");
  same(block + "mlp.fc_in", block + "mlp.0");
  same(block + "mlp.fc_out", block + (image ? "mlp.3" : "mlp.2"));
  for (const char* map : {"c_q", "c_k", "c_v", "c_qk", "c_kv", "c_qv", "c_qkv", "c_proj"})
    same(block + "attn." + map, block + "attn." + map);
  for (const char* vector : {"attn.pos_w", "attn.pos_b"})
    if (names.has(block + vector)) model.parameters[block + vector] = {block + vector, names.take(block + vector, 1)};
  names.drop(block + "attn.pos2d");
}

/// The projections of the language models, by which names there are and how many rows they have.
void place_projections(ForeignModel& model, ForeignNames& names, index_t groups) {
  const nn::ModelConfig& m = model.config.model;
  const index_t d = m.d_model, head = d / m.heads;
  const auto has = [&](const char* map) { return names.has("h.0.attn." + std::string(map) + ".weight"); };
  std::string variant;
  index_t kv_heads = m.heads;
  struct Part {
    const char *theirs, *ours;
    index_t first, rows;
  };
  std::vector<Part> parts;
  if (has("c_attn")) return place_c_attn(model, names, false);
  if (has("c_q") && has("c_kv")) {
    const index_t rows = names.take("h.0.attn.c_kv.weight", 2).shape[0];
    if (groups == 0) fail_input(names.origin() + ": n_kv_groups is missing, so c_kv may be K and V or both at once");
    kv_heads = groups;
    variant = rows == 2 * groups * head ? "q_k_v" : "q_kv";
    if (variant == "q_k_v")
      parts = {{"c_q", "c_q", 0, d}, {"c_kv", "c_k", 0, groups * head}, {"c_kv", "c_v", groups * head, groups * head}};
    else
      parts = {{"c_q", "c_q", 0, d}, {"c_kv", "c_kv", 0, groups * head}};
  } else if (has("c_q")) {
    if (groups > 0) kv_heads = groups;
    variant = "q_kv";
    parts = {{"c_q", "c_q", 0, d}, {"c_k", "c_kv", 0, kv_heads * head}};
  } else if (has("c_kv")) {
    variant = "qk_v";
    parts = {{"c_kv", "c_qk", 0, d}, {"c_kv", "c_v", d, d}};
  } else {
    variant = "qkv";
    parts = {{"c_k", "c_qkv", 0, d}};
  }
  set_foreign(model.config, "variant", variant, names.origin());
  set_foreign(model.config, "kv_heads", std::to_string(kv_heads), names.origin());
  for (index_t i = 0; i < m.layers; ++i)
    for (const Part& part : parts)
      for (const char* kind : {".weight", ".bias"}) {
        const std::string theirs = "h." + std::to_string(i) + ".attn." + part.theirs + kind;
        const bool weight = std::string_view(kind) == ".weight";
        if (!weight && !names.has(theirs)) continue;
        const ForeignTensor whole = names.take(theirs, weight ? 2 : 1);
        index_t rows = 0;
        for (const Part& other : parts)
          if (std::string_view(other.theirs) == part.theirs) rows += other.rows;
        if (whole.shape[0] != rows)
          fail_input(names.origin() + ": " + formats::quoted(theirs) + " has shape " +
                     formats::shape_text(whole.shape) + ", it should have " + std::to_string(rows) + " rows");
        model.parameters["blocks." + std::to_string(i) + ".attn." + part.ours + kind] = {
            theirs, formats::rows_of(whole, part.first, part.rows)};
      }
}

}  // namespace

ForeignModel authors_encoder(const TorchFile& file) {
  const Settings top(file.root(), file.origin());
  const Settings settings(file.root().find("config"), file.origin() + ": config");
  ForeignModel model;
  const std::string kind = top.text("model");
  const bool image = kind == "ViT";
  if (!image && kind != "Encoder") fail_input(file.origin() + ": the model " + formats::quoted(kind) + " is not known");
  model.format = image ? "authors-vit" : "authors-encoder";
  settings.check_keys(
      image ? "image_size channels patch n_classes n_embd n_layer n_head variant pos_dim n_inner_mult dropout"
            : "n_embd n_layer n_head seq_len variant pos_dim n_inner_mult max_len dropout");
  const auto set = [&](const char* key, const std::string& text) {
    set_foreign(model.config, key, text, settings.origin());
  };
  const auto set_size = [&](const char* key, const char* theirs) {
    const index_t size = settings.integer(theirs);
    if (size < 1) fail_input(settings.origin() + ": " + theirs + " is " + std::to_string(size));
    set(key, std::to_string(size));
  };
  set("task", task_of(top.text("task"), file.origin()));
  set("variant",
      variant_of(settings.has("variant") ? settings.text("variant") : top.text("variant"), settings.origin()));
  set_size("d_model", "n_embd"), set_size("layers", "n_layer"), set_size("heads", "n_head");
  if (model.config.model.variant.plus) set_size("pos_dim", "pos_dim");
  const index_t inner = settings.integer("n_inner_mult", 4);
  if (inner < 1 || inner > 1024) fail_input(settings.origin() + ": n_inner_mult is " + std::to_string(inner));
  if (inner != 4) set("d_ff", std::to_string(inner * model.config.model.d_model));
  if (settings.has("dropout")) set("dropout", number_text(settings.number("dropout")));
  if (image) {
    set_size("image_size", "image_size"), set_size("channels", "channels"), set_size("patch", "patch");
    set_size("classes", "n_classes");
  } else {
    set_size("seq_len", "seq_len"), set_size("max_len", "max_len");
  }
  claim(model, "test_accuracy", file.root().find("test_accuracy"));
  ForeignNames names(file.state_dict(file.root().find("model_state_dict"), "model_state_dict"), file.origin());
  names.strip("_orig_mod."), names.strip("module.");
  for (index_t i = 0; i < model.config.model.layers; ++i)
    place_block(model, names, "blocks." + std::to_string(i) + ".", image);
  const std::vector<std::pair<const char*, std::size_t>> of_lists{
      {"embed.weight", 2}, {"embed.bias", 1}, {"pos_emb.weight", 2}};
  const std::vector<std::pair<const char*, std::size_t>> of_images{
      {"patch_embed.proj.weight", 4}, {"patch_embed.proj.bias", 1}, {"cls", 3}, {"pos_emb", 3}};
  auto ends = image ? of_images : of_lists;
  ends.insert(ends.end(), {{"ln_f.weight", 1}, {"ln_f.bias", 1}, {"head.weight", 2}, {"head.bias", 1}});
  for (const auto& [name, rank] : ends) model.parameters[name] = {name, names.take(name, rank)};
  finish_model(model, names);
  return model;
}

ForeignModel authors_llm(const TorchFile& file, Value weights, index_t heads) {
  ForeignModel model;
  model.format = "authors-llm";
  ForeignNames names(file.state_dict(weights, "model_state_dict"), file.origin());
  names.strip("_orig_mod."), names.strip("module."), names.strip("_orig_mod.");
  GptSizes sizes;
  index_t groups = 0;
  bool tied = true;
  if (const Value config = file.root().find("model_config")) {
    const Settings settings(config, file.origin() + ": model_config");
    settings.check_keys(
        "vocab_size n_positions n_layer n_embd n_head n_kv_groups n_inner embd_pdrop resid_pdrop attn_pdrop "
        "layer_norm_epsilon initializer_range use_bias tie_word_embeddings use_flash_attention");
    sizes = {settings.integer("vocab_size"), settings.integer("n_positions"), settings.integer("n_layer"),
             settings.integer("n_embd"), settings.integer("n_head")};
    set_gpt_sizes(model.config, sizes, settings.origin());
    groups = settings.integer("n_kv_groups", 0);
    if (groups < 0 || groups > sizes.heads)
      fail_input(settings.origin() + ": n_kv_groups is " + std::to_string(groups));
    const index_t inner = settings.integer("n_inner", 4 * sizes.d_model);
    if (inner != 4 * sizes.d_model) set_foreign(model.config, "d_ff", std::to_string(inner), settings.origin());
    if (settings.has("layer_norm_epsilon"))
      set_foreign(model.config, "norm_eps", number_text(settings.number("layer_norm_epsilon")), settings.origin());
    if (settings.has("resid_pdrop"))
      set_foreign(model.config, "dropout", number_text(settings.number("resid_pdrop")), settings.origin());
    tied = settings.flag("tie_word_embeddings", true);
  } else {
    if (heads == 0)
      fail_input(file.origin() +
                 ": it holds weights without a configuration, which would say the number of heads; add --heads");
    const ForeignTensor tokens = names.take("wte.weight", 2), positions = names.take("wpe.weight", 2);
    sizes = {tokens.shape[0], positions.shape[0], names.layers("h."), tokens.shape[1], heads};
    set_gpt_sizes(model.config, sizes, file.origin());
    tied = !names.has("lm_head.weight");
    model.notes.push_back(
        "the file has no configuration: sizes are those of its tensors, heads as given, and dropout and "
        "epsilon of the norms as usual");
  }
  drop_masks(names, sizes.layers);
  place_projections(model, names, groups);
  place_gpt(model, names, false, tied);
  model.steps = steps_of(file.root().find("step"));
  if (const Value scores = file.root().find("val_metrics"); scores.is(Kind::kDict)) {
    claim(model, "val_loss", scores.find("loss"));
    claim(model, "perplexity", scores.find("perplexity"));
  }
  finish_model(model, names);
  return model;
}

}  // namespace qkvbench::run
