// Parameters and cache are affine in the sizes that are sought, so a line through two counts finds them.
// The counts themselves are nn/accounting's.
#include "qkvbench/run/match.hpp"

#include <cmath>
#include <cstdlib>

#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/accounting.hpp"

namespace qkvbench::run {

namespace {

nn::Cost cost_with(Config config, index_t nn::ModelConfig::*size, index_t value) {
  config.model.*size = value;
  return nn::count_cost(nn::Model(config.model));
}

/// The whole number at which the line through (1, at_1) and (2, at_2) comes nearest to `wanted`.
index_t nearest(index_t at_1, index_t at_2, index_t wanted) {
  return 1 + std::llround(static_cast<double>(wanted - at_1) / static_cast<double>(at_2 - at_1));
}

}  // namespace

Config with_parameters(const Config& config, index_t parameters) {
  constexpr auto size = &nn::ModelConfig::d_ff;
  const index_t least = cost_with(config, size, 1).params_total;
  const index_t width = nearest(least, cost_with(config, size, 2).params_total, parameters);
  if (width < 1)
    fail_usage("variant " + config.model.variant.id() + " has " + std::to_string(least) +
               " parameters even with an MLP of width 1, more than " + std::to_string(parameters) +
               "; make its attention smaller, or match others to it");
  Config matched = config;
  matched.model.d_ff = width;
  resolve(matched);
  return matched;
}

std::string cache_key(const nn::Variant& variant) {
  if (variant.kind->reads("kv_rank")) return "kv_rank";
  return variant.kind->reads("kv_heads") && !variant.sharing().query_shared() ? "kv_heads" : "";
}

Config with_cache(const Config& config, index_t numbers) {
  const std::string key = cache_key(config.model.variant);
  Config matched = config;
  if (key == "kv_rank") {
    const auto at = [&](index_t rank) {
      return cost_with(config, &nn::ModelConfig::kv_rank, rank).cache_elements_per_token;
    };
    matched.model.kv_rank = std::max<index_t>(1, nearest(at(1), at(2), numbers));
  } else if (key == "kv_heads") {
    index_t best = -1;
    for (index_t heads = 1; heads <= config.model.heads; ++heads) {
      if (config.model.heads % heads != 0) continue;
      const index_t off =
          std::abs(cost_with(config, &nn::ModelConfig::kv_heads, heads).cache_elements_per_token - numbers);
      if (best < 0 || off < best) best = off, matched.model.kv_heads = heads;
    }
  }
  resolve(matched);
  return matched;
}

}  // namespace qkvbench::run
