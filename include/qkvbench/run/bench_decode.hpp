// The cost of one more token at several lengths of context, with the cache and without, for every way to share.
// Random weights: what is written does not matter, only what it costs.
#pragma once
#include "qkvbench/nn/kv_cache.hpp"
#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

struct DecodeSpeed {
  index_t context;                                 ///< positions that the token sees, itself included
  double cached_ms, cached_ms_min, cached_ms_max;  ///< of one token of one sequence: median and spread
  double full_ms;                                  ///< median
  index_t cache_bytes;                             ///< allocated for this context
  index_t bytes_read;  ///< by one step at least: every weight, and the cache; of the position table one row
};

/// How numbers are kept while decoding.
struct DecodeFormats {
  kernels::NumberFormat weights = kernels::NumberFormat::kFp32, cache = kernels::NumberFormat::kFp32;
};

struct DecodeResult {
  Config config;
  nn::CacheForm form;
  DecodeFormats formats;
  std::vector<DecodeSpeed> speeds;
};

/// The forms of the cache between which a model chooses: one where both keep the same tensors.
std::vector<nn::CacheForm> cache_forms(const Config& config);

/// A model's own way of making q, k and v is left aside: every partition and number of kv heads, under positions that
/// turn K = V by both rules, and every other kind that its block takes.
std::vector<Config> decode_grid(const Config& config);

/// How many tokens before the end of a context are timed, at most.
index_t timed_tokens(index_t context);

/// Times one configuration of a language model. Each context takes about `seconds`; at least three tokens are timed.
/// Throws Error (usage) when it is not a language model or a context is beyond its learned positions.
DecodeResult run_decode_bench(const Config& config, nn::CacheForm form, const DecodeFormats& formats,
                              const std::vector<index_t>& contexts, double seconds);

}  // namespace qkvbench::run
