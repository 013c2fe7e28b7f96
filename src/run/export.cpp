// GPT-2's tensors out of a model of ours, and the four ways of writing them.
// Matrices are [out, in] as here, but for Hugging Face's, whose Conv1D has them the other way round.
#include "qkvbench/run/export.hpp"

#include <algorithm>
#include <deque>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/gguf_writer.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/llmc_file.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/torch_writer.hpp"
#include "qkvbench/run/foreign_model.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

using formats::TensorToWrite;

constexpr index_t kLlmcPadding = 128;

/// A model's parameters as GPT-2 names them, "h.0.attn.c_attn.weight"; missing biases are zeros.
class Gpt2Tensors {
 public:
  explicit Gpt2Tensors(const nn::Model& model) : model_(model), m_(model.config()) {
    add("wte.weight", "tok_emb.weight");
    add("wpe.weight", "pos_emb.weight");
    for (index_t i = 0; i < m_.layers; ++i) {
      const std::string ours = "blocks." + std::to_string(i) + ".", theirs = "h." + std::to_string(i) + ".";
      for (const auto& [their, our] :
           {std::pair{"ln_1", "ln1"}, std::pair{"ln_2", "ln2"}, std::pair{"attn.c_proj", "attn.c_proj"},
            std::pair{"mlp.c_fc", "mlp.fc_in"}, std::pair{"mlp.c_proj", "mlp.fc_out"}})
        add_map(theirs + their, ours + our);
      add_attention(theirs + "attn.c_attn", ours + "attn.c_");
    }
    add_map("ln_f", "ln_f");
  }

  const TensorToWrite& at(const std::string& name) const {
    return *std::ranges::find(tensors_, name, &TensorToWrite::name);
  }
  const std::vector<TensorToWrite>& all() const { return tensors_; }
  std::vector<real>& memory(std::size_t n) { return memory_.emplace_back(n, real{0}); }
  TensorToWrite own(const std::string& name) const {
    const nn::Parameter& p = *model_.parameters().find(name);
    return {name, train::sizes_of(p.shape), {p.value, static_cast<std::size_t>(p.shape.elements())}};
  }

 private:
  void add(const std::string& theirs, const std::string& ours) {
    TensorToWrite tensor = own(ours);
    tensor.name = theirs;
    tensors_.push_back(std::move(tensor));
  }
  void add_map(const std::string& theirs, const std::string& ours) {
    add(theirs + ".weight", ours + ".weight");
    if (model_.parameters().find(ours + ".bias") != nullptr) return add(theirs + ".bias", ours + ".bias");
    const index_t rows = tensors_.back().shape[0];
    tensors_.push_back({theirs + ".bias", {rows}, memory(static_cast<std::size_t>(rows))});
  }
  /// Rows for q, k and v, each from the projection that feeds it; a key/value head once for each query head that reads
  /// it.
  void add_attention(const std::string& theirs, const std::string& ours) {
    const nn::Sharing& sharing = m_.variant.sharing();
    const index_t d = m_.d_model, D = m_.head_dim(), each = m_.heads / m_.kv_heads;
    std::vector<real>&weight = memory(static_cast<std::size_t>(3 * d * d)),
    &bias = memory(static_cast<std::size_t>(3 * d));
    index_t row = 0;
    for (const int fed : {sharing.q, sharing.k, sharing.v}) {
      const std::string name = ours + std::string(sharing.projections[static_cast<std::size_t>(fed)]);
      const TensorToWrite from = own(name + ".weight");
      const nn::Parameter* from_bias = model_.parameters().find(name + ".bias");
      const index_t repeat = from.shape[0] == d ? 1 : each;
      for (index_t head = 0; head < m_.heads; ++head)
        for (index_t c = 0; c < D; ++c, ++row) {
          const index_t source = head / repeat * D + c;
          std::copy_n(from.numbers.data() + source * d, d, weight.data() + row * d);
          if (from_bias != nullptr) bias[static_cast<std::size_t>(row)] = from_bias->value[source];
        }
    }
    tensors_.push_back({theirs + ".weight", {3 * d, d}, weight});
    tensors_.push_back({theirs + ".bias", {3 * d}, bias});
  }

  const nn::Model& model_;
  const nn::ModelConfig& m_;
  std::vector<TensorToWrite> tensors_;
  std::deque<std::vector<real>> memory_;
};

/// Throws Error (usage) naming what GPT-2 does not have.
void check_is_gpt2(const Config& config) {
  const nn::ModelConfig& m = config.model;
  if (!data::traits_of(m.family).decodes)
    fail_usage("export: it is a model of task " + config.task.id +
               "; only language models (task lm) have a form elsewhere");
  if (!m.variant.kind->is_partition() || m.variant.plus)
    fail_usage("export: variant " + m.variant.id() + " is no GPT-2, however its projections are written out");
  for (const Option& option : all_options()) {
    const std::string key = option.key;
    const bool fine = key == "mlp" || key == "norm_eps" || key == "d_ff" || key == "bias";
    if (option.group == std::string_view("Block") && !fine && !option.is_neutral(config))
      fail_usage("export: " + key + " " + option.text(config) + " is not in GPT-2");
  }
  if (m.mlp == "swiglu") fail_usage("export: mlp swiglu is not in GPT-2");
}

/// Throws Error (usage) naming what a form cannot say.
void require(bool fits, const std::string& form, const std::string& what) {
  if (!fits) fail_usage("export: " + form + " " + what + "; --to huggingface keeps it");
}

Json huggingface_config(const Config& config) {
  const nn::ModelConfig& m = config.model;
  return {{"activation_function", m.mlp == "gelu_tanh" ? "gelu_new" : "gelu"},
          {"architectures", {"GPT2LMHeadModel"}},
          {"attn_pdrop", 0.0},
          {"embd_pdrop", 0.0},
          {"initializer_range", 0.02},
          {"layer_norm_epsilon", m.norm_eps},
          {"model_type", "gpt2"},
          {"n_ctx", m.max_len},
          {"n_embd", m.d_model},
          {"n_head", m.heads},
          {"n_inner", m.d_ff == 0 || m.d_ff == 4 * m.d_model ? Json(nullptr) : Json(m.d_ff)},
          {"n_layer", m.layers},
          {"n_positions", m.max_len},
          {"resid_pdrop", m.dropout},
          {"scale_attn_by_inverse_layer_idx", false},
          {"scale_attn_weights", true},
          {"tie_word_embeddings", m.tied_head},
          {"torch_dtype", "float32"},
          {"vocab_size", m.vocab}};
}

std::vector<fs::path> write_huggingface(const LoadedModel& run, Gpt2Tensors& gpt2, const fs::path& out) {
  std::vector<TensorToWrite> tensors;
  for (const TensorToWrite& from : gpt2.all()) {
    TensorToWrite tensor = from;
    tensor.name = "transformer." + from.name;
    if (from.name.find(".c_") != from.name.npos && from.shape.size() == 2) {
      const index_t rows = from.shape[0], columns = from.shape[1];
      std::vector<real>& turned = gpt2.memory(from.numbers.size());
      for (index_t r = 0; r < rows; ++r)
        for (index_t c = 0; c < columns; ++c)
          turned[static_cast<std::size_t>(c * rows + r)] = from.numbers[static_cast<std::size_t>(r * columns + c)];
      tensor.shape = {columns, rows};
      tensor.numbers = turned;
    }
    tensors.push_back(std::move(tensor));
  }
  if (!run.config.model.tied_head) {
    tensors.push_back(gpt2.own("head.weight"));
    tensors.back().name = "lm_head.weight";
  }
  formats::write_safetensors(out / "model.safetensors", tensors, {{"format", "pt"}});
  write_file_atomic(out / "config.json", huggingface_config(run.config).dump(2) + "\n");
  return {out / "config.json", out / "model.safetensors"};
}

std::vector<fs::path> write_llmc(const LoadedModel& run, Gpt2Tensors& gpt2, const fs::path& out) {
  const nn::ModelConfig& m = run.config.model;
  formats::LlmcModel sizes;
  sizes.max_len = m.max_len, sizes.vocab = m.vocab, sizes.layers = m.layers, sizes.heads = m.heads;
  sizes.d_model = m.d_model;
  const index_t padded = (m.vocab + kLlmcPadding - 1) / kLlmcPadding * kLlmcPadding;
  std::vector<std::int32_t> header(256, 0);
  const std::vector<index_t> first{formats::kLlmcModel, 3, m.max_len, m.vocab, m.layers, m.heads, m.d_model, padded};
  std::ranges::transform(first, header.begin(), [](index_t n) { return static_cast<std::int32_t>(n); });
  const std::vector<real>& padding = gpt2.memory(static_cast<std::size_t>((padded - m.vocab) * m.d_model));
  const auto bytes = [](const auto& numbers) {
    return std::string_view(reinterpret_cast<const char*>(numbers.data()), numbers.size() * 4);
  };
  std::vector<std::string_view> pieces{bytes(header)};
  for (const formats::LlmcTensor& tensor : formats::llmc_tensors(sizes, padded)) {
    for (index_t layer = 0; layer < (tensor.in_layers ? m.layers : 1); ++layer)
      pieces.push_back(
          bytes(gpt2.at((tensor.in_layers ? "h." + std::to_string(layer) + "." : "") + tensor.name).numbers));
    if (tensor.name == "wte.weight") pieces.push_back(bytes(padding));
  }
  write_file_atomic(out / "model.bin", pieces);
  return {out / "model.bin"};
}

std::vector<fs::path> write_nanogpt(const LoadedModel& run, Gpt2Tensors& gpt2, const fs::path& out) {
  const nn::ModelConfig& m = run.config.model;
  std::vector<std::span<const float>> storages;
  formats::PickleWriter pickle;
  pickle.open();
  pickle.text("model"), pickle.open();
  for (const TensorToWrite& tensor : gpt2.all()) {
    if (!m.bias && tensor.name.ends_with(".bias")) continue;
    pickle.text("transformer." + tensor.name);
    pickle.tensor(storages.size(), tensor.shape);
    storages.push_back(tensor.numbers);
  }
  pickle.text("lm_head.weight"), pickle.tensor(0, {m.vocab, m.d_model});  // the embedding is the first
  pickle.close();
  pickle.text("model_args"), pickle.open();
  for (const auto& [key, value] :
       {std::pair{"n_layer", m.layers}, std::pair{"n_head", m.heads}, std::pair{"n_embd", m.d_model},
        std::pair{"block_size", m.max_len}, std::pair{"vocab_size", m.vocab}})
    pickle.text(key), pickle.integer(value);
  pickle.text("bias"), pickle.flag(m.bias);
  pickle.text("dropout"), pickle.number(m.dropout);
  pickle.close();
  pickle.text("iter_num"), pickle.integer(run.config.train.total_steps);
  pickle.text("best_val_loss"), pickle.number(kNanogptUnmeasured);
  pickle.text("config"), pickle.open(), pickle.close();
  pickle.close();
  formats::write_torch_file(out / "ckpt.pt", pickle.finish(), storages);
  return {out / "ckpt.pt"};
}

/// A tensor of GPT-2's as llama.cpp names it: "h.0.attn.c_attn.bias" is "blk.0.attn_qkv.bias".
std::string gguf_name(std::string name) {
  if (name.starts_with("h.")) name.replace(0, 2, "blk.");
  for (const auto& [gpt2, gguf] :
       {std::pair{"wte.", "token_embd."}, std::pair{"wpe.", "position_embd."}, std::pair{"ln_1.", "attn_norm."},
        std::pair{"attn.c_attn.", "attn_qkv."}, std::pair{"attn.c_proj.", "attn_output."},
        std::pair{"ln_2.", "ffn_norm."}, std::pair{"mlp.c_fc.", "ffn_up."}, std::pair{"mlp.c_proj.", "ffn_down."},
        std::pair{"ln_f.", "output_norm."}})
    if (const std::size_t at = name.find(gpt2); at != name.npos)
      return name.replace(at, std::string_view(gpt2).size(), gguf);
  return name;
}

std::vector<fs::path> write_gguf(const LoadedModel& run, Gpt2Tensors& gpt2, const fs::path& out) {
  const nn::ModelConfig& m = run.config.model;
  std::vector<TensorToWrite> tensors = gpt2.all();
  for (TensorToWrite& tensor : tensors) tensor.name = gguf_name(tensor.name);
  if (!m.tied_head) {
    tensors.push_back(gpt2.own("head.weight"));
    tensors.back().name = "output.weight";
  }
  std::vector<formats::GgufKey> keys{{"general.architecture", std::string("gpt2")},
                                     {"gpt2.attention.layer_norm_epsilon", static_cast<float>(m.norm_eps)},
                                     {"tokenizer.ggml.model", std::string("none")}};
  for (const auto& [key, value] :
       {std::pair{"vocab_size", m.vocab}, std::pair{"context_length", m.max_len},
        std::pair{"embedding_length", m.d_model}, std::pair{"feed_forward_length", m.d_ff > 0 ? m.d_ff : 4 * m.d_model},
        std::pair{"block_count", m.layers}, std::pair{"attention.head_count", m.heads}})
    keys.push_back({std::string("gpt2.") + key, static_cast<std::uint32_t>(value)});
  formats::write_gguf(out / "model.gguf", keys, tensors);
  return {out / "model.gguf"};
}

}  // namespace

std::vector<std::string> export_forms() { return {"huggingface", "llm.c", "nanogpt", "gguf"}; }

Exported export_model(const LoadedModel& run, const std::string& form, const fs::path& out, bool overwrite) {
  const nn::ModelConfig& m = run.config.model;
  check_is_gpt2(run.config);
  Exported done;
  if (m.variant.sharing().projection_count() < 3 || m.kv_heads < m.heads)
    done.lost.push_back("sharing: each of q, k and v is written out, so the cache is that of a GPT-2");
  if (form == "llm.c" || form == "nanogpt") {
    require(m.tied_head, form, "has no read-out of its own (tied_head false)");
    require(m.norm_eps == 1e-5, form, "has norm_eps 1e-5");
    require(m.d_ff == 0 || m.d_ff == 4 * m.d_model, form, "has an MLP of width 4 d_model");
  }
  if (form == "nanogpt" && m.mlp != "gelu")
    done.lost.push_back("mlp gelu_tanh: nanoGPT computes GELU by erf, so logits differ by some 1e-4 of the largest");
  if ((form == "llm.c" || form == "gguf") && m.mlp != "gelu_tanh")
    done.lost.push_back("mlp gelu: " + std::string(form == "gguf" ? "llama.cpp" : form) +
                        " computes GELU by tanh, so logits differ by some 1e-4 of the largest");
  if (!m.bias && form != "nanogpt") done.lost.push_back("bias false: biases are written as zeros");
  if (run.tokenizer && run.tokenizer->kind() != data::Tokenizer::Kind::kIds)
    done.lost.push_back("the vocabulary: the other program sees ids only");
  if (form == "nanogpt")
    done.lost.push_back("the optimizer's state: init_from = 'resume' samples, but does not train on");
  for (const char* name : {"config.json", "model.safetensors", "model.bin", "ckpt.pt", "model.gguf"})
    if (!overwrite && fs::exists(out / name))
      fail_usage((out / name).string() + " is there already; --overwrite replaces it, another --out keeps both");
  make_directories(out);
  Gpt2Tensors gpt2(*run.model);
  done.files = form == "huggingface" ? write_huggingface(run, gpt2, out)
               : form == "llm.c"     ? write_llmc(run, gpt2, out)
               : form == "nanogpt"   ? write_nanogpt(run, gpt2, out)
                                     : write_gguf(run, gpt2, out);
  return done;
}

}  // namespace qkvbench::run
