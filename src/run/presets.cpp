// The table of presets: named starting points of a configuration.
// To add one, add a row; it holds only what differs from the defaults in config.hpp, which are Table 1's recipe.
#include "qkvbench/base/text.hpp"
#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

/// `own` behind what it begins with; of a key that stands twice the last counts.
Values on_top_of(Values common, const Values& own) {
  common.insert(common.end(), own.begin(), own.end());
  return common;
}

/// GPT-2's training: AdamW with decay, a cosine to a tenth, gradient norm at most 1.
Values language_model(const Values& own) {
  return on_top_of({{"task", "lm"},
                    {"optimizer", "adamw"},
                    {"beta2", "0.95"},
                    {"final_lr", "0.1"},
                    {"weight_decay", "0.1"},
                    {"grad_clip", "1"}},
                   own);
}

/// The paper's training of vision and sets (Table 2): Adam, the rate a tenth at half and at three quarters of the
/// epochs, no warm-up and no clipping, dropout 0.1, 2 layers of 64 channels and 2 heads.
Values table2(const Values& own) {
  return on_top_of({{"schedule", "multistep"},
                    {"warmup", "0"},
                    {"grad_clip", "0"},
                    {"dropout", "0.1"},
                    {"layers", "2"},
                    {"heads", "2"},
                    {"d_model", "64"}},
                   own);
}

/// Lists with answers on a small causal model: AdamW without dropout, steps enough for q_k_v to solve them.
Values answers(const Values& own) {
  return on_top_of({{"optimizer", "adamw"},
                    {"beta2", "0.98"},
                    {"weight_decay", "0.01"},
                    {"grad_clip", "1"},
                    {"layers", "2"},
                    {"d_model", "64"},
                    {"heads", "4"},
                    {"batch_size", "64"},
                    {"lr", "2e-3"}},
                   own);
}

/// nanoGPT's recipe for a laptop: `char`, and the same with other blocks.
Values small_language_model(const Values& own) {
  return language_model(on_top_of({{"layers", "4"},
                                   {"d_model", "128"},
                                   {"heads", "4"},
                                   {"seq_len", "64"},
                                   {"batch_size", "12"},
                                   {"steps", "2000"},
                                   {"lr", "2e-3"},
                                   {"beta2", "0.99"}},
                                  own));
}

/// Llama's block; its MLP has as many multiply-adds as GPT-2's.
Values llama_block(const Values& own) {
  return small_language_model(on_top_of(
      {{"norm", "rmsnorm"}, {"norm_eps", "1e-6"}, {"mlp", "swiglu"}, {"bias", "false"}, {"positions", "rope"}}, own));
}

/// What the paper's language models have in common.
Values paper_language_model(const Values& own) {
  return language_model(on_top_of({{"vocab", "50304"},
                                   {"seq_len", "2048"},
                                   {"max_len", "2048"},
                                   {"activations", "recompute"},
                                   {"dropout", "0.1"},
                                   {"warmup", "0.014746"}},
                                  own));
}

const std::vector<Preset>& presets() {
  // `char` and `nano` have the sizes of nanoGPT's two recipes for Shakespeare by characters; so small a model as `char`
  // learns more in its 2,000 steps from twice nanoGPT's learning rate. `300m` and `1.2b` are the paper's: 10
  // billion tokens in the batches of the official scripts on one GPU, micro-batch × accumulation = 6 × 24 and 2 × 36
  // sequences of 2,048; the share of the warm-up makes its 500 and 1,000 steps.
  static const std::vector<Preset> rows{
      {"quick",
       "REVERSE in seconds: what train does when no task is named",
       false,
       {{"task", "reverse"}, {"epochs", "10"}}},
      {"table1", "the authors' recipe for the synthetic tasks: 2 epochs of 10,000 lists", false, {}},
      {"glyphs", "drawn digits in a minute: Table 2's recipe with patches of 7, batches of 64 and 16 epochs", true,
       table2({{"task", "glyphs"}, {"patch", "7"}, {"batch_size", "64"}, {"epochs", "16"}})},
      {"mnist", "the paper's Table 2", true, table2({{"task", "mnist"}, {"epochs", "20"}})},
      {"fashion-mnist", "the paper's Table 2", true, table2({{"task", "fashion-mnist"}, {"epochs", "20"}})},
      {"cifar10", "the paper's Table 2, with the crops and flips of the authors' re-run", true,
       table2({{"task", "cifar10"}, {"epochs", "40"}, {"augment", "crop-flip"}})},
      {"cifar100", "the paper's Table 2, with the crops and flips of the authors' re-run", true,
       table2({{"task", "cifar100"}, {"epochs", "50"}, {"augment", "crop-flip"}})},
      {"tiny-imagenet", "Tiny ImageNet for a laptop: 64 pixels, patches of 8, 4 layers of 128", true,
       table2({{"task", "tiny-imagenet"},
               {"image_size", "64"},
               {"patch", "8"},
               {"d_model", "128"},
               {"layers", "4"},
               {"heads", "4"},
               {"augment", "crop-flip"},
               {"epochs", "30"}})},
      {"tiny-imagenet-paper", "the paper's Table 2: 224 pixels, patches of 16, 12 layers of 768", false,
       table2({{"task", "tiny-imagenet"},
               {"image_size", "224"},
               {"patch", "16"},
               {"d_model", "768"},
               {"layers", "12"},
               {"heads", "12"},
               {"lr", "1e-4"},
               {"micro_batch", "8"},
               {"epochs", "50"}})},
      {"images", "a folder of images of your own, as Tiny ImageNet for a laptop", true,
       table2({{"task", "images"},
               {"patch", "8"},
               {"d_model", "128"},
               {"layers", "4"},
               {"heads", "4"},
               {"augment", "crop-flip"},
               {"epochs", "30"}})},
      {"anomaly", "the paper's odd one out of ten, from pixels of glyphs unless --source says otherwise", true,
       table2({{"task", "anomaly"}, {"epochs", "20"}, {"schedule", "constant"}, {"grad_clip", "5"}, {"dropout", "0"}})},
      {"recall", "associative recall: 4 keys with their values, then 4 queries", true,
       answers({{"task", "recall"}, {"seq_len", "12"}, {"vocab", "32"}, {"heads", "2"}, {"steps", "3000"}})},
      {"induction", "what followed this token before, in lists of 32", true,
       answers({{"task", "induction"}, {"seq_len", "32"}, {"epochs", "16"}})},
      {"copy-distance", "the symbol 8 positions back, in lists of 32", true,
       answers({{"task", "copy-distance"}, {"seq_len", "32"}, {"distance", "8"}, {"epochs", "8"}})},
      {"char", "a small language model in a minute: nanoGPT's recipe for a laptop", true, small_language_model({})},
      {"llama-char", "char with Llama's block: RMSNorm, SwiGLU, RoPE, no biases", false, llama_block({})},
      {"gemma-char", "char with Gemma 4's K = V: llama-char, norms of heads, scale 1, half the key/value heads", false,
       llama_block(
           {{"variant", "q_kv"}, {"kv_heads", "2"}, {"qk_norm", "true"}, {"v_norm", "true"}, {"attn_scale", "1"}})},
      {"mla-char", "char with multi-head latent attention on Llama's block", false, llama_block({{"variant", "mla"}})},
      {"nano", "nanoGPT's recipe for Shakespeare by characters", false,
       language_model({{"layers", "6"},
                       {"d_model", "384"},
                       {"heads", "6"},
                       {"seq_len", "256"},
                       {"batch_size", "64"},
                       {"steps", "5000"},
                       {"lr", "1e-3"},
                       {"beta2", "0.99"},
                       {"warmup", "0.02"},
                       {"dropout", "0.2"}})},
      {"gpt2-124m", "GPT-2's small model on its own tokens", false,
       language_model({{"layers", "12"},
                       {"d_model", "768"},
                       {"heads", "12"},
                       {"vocab", "50304"},
                       {"seq_len", "1024"},
                       {"batch_size", "480"},
                       {"micro_batch", "1"},
                       {"steps", "600000"},
                       {"lr", "6e-4"},
                       {"warmup", "0.0033"}})},
      {"300m", "the paper's Table 4", false,
       paper_language_model({{"layers", "20"},
                             {"d_model", "1024"},
                             {"heads", "16"},
                             {"lr", "2e-4"},
                             {"batch_size", "144"},
                             {"micro_batch", "6"},
                             {"steps", "33908"}})},
      {"1.2b", "the paper's Table 10", false,
       paper_language_model({{"layers", "22"},
                             {"d_model", "2048"},
                             {"heads", "32"},
                             {"lr", "6e-5"},
                             {"batch_size", "72"},
                             {"micro_batch", "2"},
                             {"steps", "67816"}})},
  };
  return rows;
}

}  // namespace

std::span<const Preset> all_presets() { return presets(); }

const Preset& find_preset(const std::string& id) { return find_row("preset", id, presets(), &Preset::id); }

const Preset* default_preset(const std::string& task) {
  for (const Preset& preset : presets())
    for (const auto& [key, value] : preset.values)
      if (preset.recipe && key == "task" && value == task) return &preset;
  return nullptr;
}

void apply_preset(Config& config, const Preset& preset) {
  for (const auto& [key, value] : preset.values)
    set_option(config, find_option(key, std::string("preset ") + preset.id), value);
}

}  // namespace qkvbench::run
