// The sizes at which one way of making q, k and v has the parameters or the cache of another.
// Counts only; that what is compared is fair otherwise (data, steps, seeds) is the user's to see to.
#pragma once
#include <string>

#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

/// The configuration with the inner width of its MLP, d_ff, at which its number of parameters is nearest to
/// `parameters`. Its attention stays what it is. Throws Error (usage) when all widths give too many.   Source: Ainslie
/// et al., "GQA", and Touvron et al., "Llama 2", appendix A.2.1, widen the MLP where keys and values have fewer
/// parameters.
Config with_parameters(const Config& config, index_t parameters);

/// The key that sets how much a variant caches: kv_rank of latents, else kv_heads; "" where queries share a projection
/// with keys or values, whose heads are then as many.
std::string cache_key(const nn::Variant& variant);

/// The configuration with the value of cache_key() at which it caches nearest to `numbers` a token, over all layers; of
/// two as near the smaller. Unchanged where there is no such key.
Config with_cache(const Config& config, index_t numbers);

}  // namespace qkvbench::run
