// GPT-2 as nanoGPT, Hugging Face's library and llm.c save it, and which of the PyTorch files is whose.
// Settings that would make the model compute something else are refused by name.
#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/llmc_file.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "qkvbench/run/foreign_model.hpp"

namespace qkvbench::run {

using Value = formats::Pickle::Value;
using Kind = formats::Pickle::Kind;

namespace {

/// Masks, and what stands for minus infinity in them. Behind what takes the parameters: a thousand layers that a
/// configuration claims and the file lacks are refused at the first.
void drop_buffers(ForeignNames& names, index_t layers) {
  drop_masks(names, layers);
  for (index_t i = 0; i < layers; ++i) names.drop("h." + std::to_string(i) + ".attn.masked_bias");
}

ForeignModel nanogpt(const formats::TorchFile& file) {
  ForeignModel model;
  model.format = "nanogpt";
  const Value settings = file.root().find("model_args");
  const std::string origin = file.origin() + ": model_args";
  if (!settings.is(Kind::kDict)) fail_input(origin + " is no dictionary");
  const auto integer = [&](const char* key) {
    const Value value = settings.find(key);
    if (!value.is(Kind::kInteger)) fail_input(origin + ": " + key + " is missing or no integer");
    return value.integer();
  };
  const GptSizes sizes{integer("vocab_size"), integer("block_size"), integer("n_layer"), integer("n_embd"),
                       integer("n_head")};
  set_gpt_sizes(model.config, sizes, origin);
  if (const Value dropout = settings.find("dropout"); dropout.is(Kind::kFloat) && dropout.number() > 0)
    set_foreign(model.config, "dropout", Json(dropout.number()).dump(), origin);
  ForeignNames names(file.state_dict(file.root().find("model"), "model"), file.origin());
  names.strip("_orig_mod."), names.strip("module."), names.strip("_orig_mod.");
  names.strip_inner("transformer.");
  place_c_attn(model, names, false);
  place_gpt(model, names, false, true);
  drop_buffers(names, sizes.layers);
  model.steps = steps_of(file.root().find("iter_num"));
  if (const Value loss = file.root().find("best_val_loss");
      loss.is(Kind::kFloat) && loss.number() != kNanogptUnmeasured)
    claim(model, "val_loss", loss);
  finish_model(model, names);
  return model;
}

/// config.json of a GPT-2.
class Settings {
 public:
  Settings(const nlohmann::json& json, std::string origin) : json_(json), origin_(std::move(origin)) {}
  index_t integer(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) fail_input(origin_ + ": there is no " + key);
    return formats::count_of(*found, origin_ + ": " + key);
  }
  bool is_null(const char* key) const { return !json_.contains(key) || json_.at(key).is_null(); }
  bool flag(const char* key, bool otherwise) const {
    if (is_null(key)) return otherwise;
    if (!json_.at(key).is_boolean()) fail_input(origin_ + ": " + key + " is neither true nor false");
    return json_.at(key).get<bool>();
  }
  std::string text(const char* key, const std::string& otherwise) const {
    if (is_null(key)) return otherwise;
    if (!json_.at(key).is_string()) fail_input(origin_ + ": " + key + " is no text");
    return json_.at(key).get<std::string>();
  }
  std::string number_text(const char* key) const {
    if (!json_.at(key).is_number()) fail_input(origin_ + ": " + key + " is no number");
    return json_.at(key).dump();
  }
  /// Throws when a setting that is not computed here has another value than usual.
  void refuse_unless(const char* key, bool usual) const {
    if (flag(key, usual) != usual)
      fail_input(origin_ + ": " + key + " is " + (usual ? "false" : "true") + ", which is not computed here");
  }

 private:
  const nlohmann::json& json_;
  std::string origin_;
};

}  // namespace

ForeignModel huggingface_model(const formats::ModelFolder& folder, const std::string& origin) {
  const std::string where = origin + ": config.json";
  const Settings settings(folder.config, where);
  ForeignModel model;
  model.format = "huggingface-gpt2";
  if (const std::string type = settings.text("model_type", "nothing"); type != "gpt2")
    fail_input(where + ": model_type is " + formats::quoted(type) + "; of Hugging Face's models only gpt2 is read");
  settings.refuse_unless("scale_attn_weights", true);
  settings.refuse_unless("scale_attn_by_inverse_layer_idx", false);
  settings.refuse_unless("add_cross_attention", false);
  const std::string activation = settings.text("activation_function", "gelu_new");
  const bool tanh = activation == "gelu_new" || activation == "gelu_pytorch_tanh";
  if (!tanh && activation != "gelu")
    fail_input(where + ": activation_function is " + formats::quoted(activation) +
               "; gelu_new and gelu are computed here");
  const GptSizes sizes{settings.integer("vocab_size"), settings.integer("n_positions"), settings.integer("n_layer"),
                       settings.integer("n_embd"), settings.integer("n_head")};
  set_gpt_sizes(model.config, sizes, where);
  set_foreign(model.config, "mlp", tanh ? "gelu_tanh" : "gelu", where);
  if (!settings.is_null("layer_norm_epsilon"))
    set_foreign(model.config, "norm_eps", settings.number_text("layer_norm_epsilon"), where);
  if (!settings.is_null("resid_pdrop"))
    set_foreign(model.config, "dropout", settings.number_text("resid_pdrop"), where);
  if (!settings.is_null("n_inner") && settings.integer("n_inner") != 4 * sizes.d_model)
    set_foreign(model.config, "d_ff", std::to_string(settings.integer("n_inner")), where);
  ForeignNames names(folder.tensors, origin);
  names.strip_inner("transformer.");
  place_c_attn(model, names, true);
  place_gpt(model, names, true, settings.flag("tie_word_embeddings", true));
  drop_buffers(names, sizes.layers);
  finish_model(model, names);
  return model;
}

ForeignModel llmc_model(formats::LlmcModel file, const std::string& origin) {
  ForeignModel model;
  model.format = "llm.c";
  set_gpt_sizes(model.config, {file.vocab, file.max_len, file.layers, file.d_model, file.heads}, origin);
  set_foreign(model.config, "mlp", "gelu_tanh", origin);
  ForeignNames names(std::move(file.tensors), origin);
  place_c_attn(model, names, false);
  place_gpt(model, names, false, true);
  finish_model(model, names);
  return model;
}

ForeignModel torch_model(const formats::TorchFile& file, index_t heads) {
  const Value root = file.root();
  if (!root.is(Kind::kDict)) fail_input(file.origin() + ": it holds no dictionary, so no model that is known here");
  if (root.find("model_args") && root.find("model")) return nanogpt(file);
  if (const Value weights = root.find("model_state_dict")) {
    if (root.find("model_config")) return authors_llm(file, weights, heads);
    if (root.find("config")) return authors_encoder(file);
    return authors_llm(file, weights, heads);
  }
  for (std::size_t i = 0; i + 1 < root.size(); i += 2)
    if (root[i + 1].is(Kind::kTensor)) return authors_llm(file, root, heads);
  fail_input(file.origin() +
             ": its dictionary has neither model_state_dict, as the authors' checkpoints, nor model and "
             "model_args, as nanoGPT's");
}

}  // namespace qkvbench::run
