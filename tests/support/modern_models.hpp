// Small models of every kind of attention and every option of the block, on uneven sizes.
// One list for all tests that must hold for all of them: gradients, decoding, bits, memory.
#pragma once
#include <functional>

#include "support/tiny_models.hpp"

namespace qkvbench::testing {

struct ModernModel {
  std::string name;
  nn::ModelConfig config;
};

/// Language models of 4 heads of 6 channels, 2 layers.
inline std::vector<ModernModel> modern_models() {
  std::vector<ModernModel> models;
  const auto add = [&](const std::string& name, const std::string& variant, index_t kv_heads,
                       const std::function<void(nn::ModelConfig&)>& change) {
    nn::ModelConfig c = tiny_config("gpt", variant, kv_heads);
    c.d_model = 24, c.heads = 4;
    change(c);
    models.push_back({name + ": " + variant + ", " + std::to_string(kv_heads) + " kv heads", c});
  };
  const auto rope = [](nn::ModelConfig& c) { c.positions = "rope", c.rope_base = 50; };
  const auto llama = [=](nn::ModelConfig& c) {
    rope(c);
    c.norm = "rmsnorm", c.norm_eps = 1e-3, c.mlp = "swiglu", c.bias = false;
  };
  for (const std::string& id : partitions()) {
    add("rope", id, 4, rope);
    add("llama block", id + "+", 4, llama);
    add("gains", id, 4, [](auto& c) { c.projection_gains = true; });
    add("all norms", id, 4, [=](auto& c) { llama(c), c.qk_norm = c.v_norm = true, c.attn_scale = 1; });
  }
  for (const index_t kv_heads : {1, 2}) {
    for (const char* id : {"q_k_v", "q_kv"}) {
      add("llama block", id, kv_heads, llama);
      add("gemma", id, kv_heads, [=](auto& c) { llama(c), c.qk_norm = c.v_norm = true, c.attn_scale = 1; });
      add("everything", id, kv_heads,
          [=](auto& c) { llama(c), c.qk_norm = c.v_norm = c.projection_gains = true, c.bias = true; });
    }
    add("gta", "gta", kv_heads, llama);
    add("thin keys", "q_k_v", kv_heads, [](auto& c) { c.qk_head_dim = 3, c.v_head_dim = 5; });
    add("thin keys and rope", "q_k_v", kv_heads, [=](auto& c) { llama(c), c.qk_head_dim = 4, c.v_head_dim = 7; });
    add("keyless", "qvv3", kv_heads, [](auto&) {});
    add("keyless by heads", "qvv3", kv_heads, [=](auto& c) { rope(c), c.qvv_route = "head"; });
  }
  for (const char* id : {"q_kv", "qkv", "qvv3"}) {
    add("relative values", id, 4, [=](auto& c) { rope(c), c.rope_value = "relative"; });
    add("relative values and norms", id, 4,
        [=](auto& c) { llama(c), c.rope_value = "relative", c.qk_norm = c.v_norm = true; });
    add("relative values of a part", id, 4, [=](auto& c) { rope(c), c.rope_value = "relative", c.rope_dim = 4; });
  }
  add("interleaved", "q_kv", 2, [=](auto& c) { rope(c), c.rope_style = "interleaved"; });
  add("proportional", "q_k_v", 2, [=](auto& c) { rope(c), c.rope_fraction = 0.7; });
  add("no positions", "q_kv", 2, [](auto& c) { c.positions = "none"; });
  add("tanh GELU, no biases", "q_k_v", 4, [](auto& c) { c.mlp = "gelu_tanh", c.bias = false, c.d_ff = 17; });
  add("gta with biases", "gta+", 2, rope);
  for (const char* form : {"column", "temperature", "relative"})
    for (const char* id : {"qk_v+", "q_kv+"}) add(std::string("plus ") + form, id, 4, [=](auto& c) { c.plus = form; });
  add("plus relative and rope", "gta+", 2, [=](auto& c) { rope(c), c.plus = "relative"; });
  add("mla", "mla", 4, llama);
  add("mla with biases", "mla+", 4,
      [=](auto& c) { rope(c), c.q_rank = 10, c.kv_rank = 7, c.nope_dim = 3, c.v_head_dim = 5; });
  add("mla, interleaved", "mla", 4, [=](auto& c) { llama(c), c.rope_style = "interleaved", c.rope_dim = 4; });
  add("gla", "gla", 4, [=](auto& c) { llama(c), c.q_rank = 9; });
  add("gla of four", "gla", 4, [=](auto& c) { rope(c), c.latent_heads = 4, c.kv_rank = 5; });
  return models;
}

}  // namespace qkvbench::testing
