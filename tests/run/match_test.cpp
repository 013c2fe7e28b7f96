// Sizes at which ways of making q, k and v have the parameters or the cache of others.
// Counted again from the model that is made; the grids that rest on them are held to it.
#include "qkvbench/run/match.hpp"

#include <cmath>

#include "qkvbench/nn/accounting.hpp"
#include "qkvbench/study/grid.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::run {

using testing::check_error;

namespace {

Config llama(const std::string& variant) {
  Config config;
  apply_preset(config, find_preset("llama-char"));
  config.task.vocab = 65;
  config.model.variant = nn::parse_variant(variant);
  resolve(config);
  return config;
}

nn::Cost cost_of(const Config& config) { return nn::count_cost(nn::Model(config.model)); }

/// Of a number that was to be `wanted`.
double off(index_t number, index_t wanted) {
  return std::abs(static_cast<double>(number) / static_cast<double>(wanted) - 1);
}

/// A named grid with text that needs no download; as many tokens as Shakespeare has characters.
std::vector<Config> configs_of(const std::string& name) {
  study::Grid grid = study::find_grid(name);
  for (study::GridBlock& block : grid.blocks) {
    for (auto& [key, values] : block.axes)
      if (key == "corpus") values = {"stories"};
    block.axes.emplace_back("vocab", std::vector<std::string>{"65"});
  }
  return study::expand(grid);
}

/// q_k_v with the same norms, positions and MLP.
Config baseline_of(Config config) {
  const nn::ModelConfig plain;
  config.model.variant = nn::parse_variant("q_k_v");
  config.model.kv_heads = config.model.heads;
  config.model.rope_value = plain.rope_value;
  config.model.projection_gains = false;
  config.model.d_ff = config.model.qk_head_dim = config.model.v_head_dim = config.model.kv_rank = 0;
  config.model.rope_dim = config.model.nope_dim = config.model.latent_heads = 0;
  resolve(config);
  return config;
}

}  // namespace

TEST_CASE("the width of the MLP makes up for the parameters of every kind of attention", "[match]") {
  const index_t wanted = cost_of(llama("q_k_v")).params_total;
  for (const nn::AttentionKind& kind : nn::all_kinds()) {
    INFO(kind.id);
    const Config matched = with_parameters(llama(std::string(kind.id)), wanted);
    // One more or less of d_ff is 3 · 128 parameters in each of four layers.
    CHECK(std::abs(cost_of(matched).params_total - wanted) <= 3 * 128 * 4 / 2);
  }
  CHECK(with_parameters(llama("q_k_v"), wanted).model.d_ff == llama("q_k_v").model.inner_width());
  check_error(Exit::kUsage, {"mla", "even with an MLP of width 1", "1000"},
              [] { with_parameters(llama("mla"), 1000); });
}

TEST_CASE("kv heads or the width of a latent give a kind the cache of another", "[match]") {
  // Four layers; a head has 32 channels, the rotary key 16.
  CHECK(with_cache(llama("q_k_v"), 4 * 64).model.kv_heads == 1);
  CHECK(with_cache(llama("q_kv"), 4 * 64).model.kv_heads == 2);
  CHECK(with_cache(llama("qvv3"), 4 * 128).model.kv_heads == 4);
  CHECK(with_cache(llama("mla"), 4 * 64).model.kv_rank == 64 - 16);
  CHECK(with_cache(llama("gla"), 4 * 64).model.kv_rank == (64 - 16) / 2);
  CHECK(with_cache(llama("gta"), 4 * 48).model.kv_heads == 1);
  for (const char* variant : {"mla", "gla"}) {
    INFO(variant);
    CHECK(cost_of(with_cache(llama(variant), 4 * 64)).cache_elements_per_token == 4 * 64);
    CHECK(with_cache(llama(variant), 1).model.kv_rank == 1);
  }
  CHECK(cache_key(llama("qk_v").model.variant).empty());  // a query shares its heads
  CHECK(with_cache(llama("qk_v"), 4).model.kv_heads == 4);
}

TEST_CASE("the grids of modern attention have equal parameters and equal caches", "[match][grid]") {
  for (const char* name : {"modern-char", "cache-char"})
    for (const Config& config : configs_of(name)) {
      INFO(name << ": " << run_name(config) << " " << config_json(config).dump());
      CHECK(off(cost_of(config).params_total, cost_of(baseline_of(config)).params_total) <= 0.001);
    }
  std::size_t quarter = 0;
  for (const Config& config : configs_of("cache-char")) {
    INFO(config_json(config).dump());
    const index_t numbers = cost_of(config).cache_elements_per_token / config.model.layers;
    const index_t wanted = numbers > 192 ? 256 : numbers > 96 ? 128 : 64;
    CHECK(off(numbers, wanted) <= 0.04);
    CHECK((wanted != 256 || config.model.variant.id() == "q_k_v"));
    quarter += wanted == 64 ? 1 : 0;
  }
  CHECK(quarter == 6 * 3);
}

}  // namespace qkvbench::run
