// How likely a trained language model finds given tokens behind others.
// Tokens in, log-probabilities out; texts and what they mean are the caller's.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "qkvbench/nn/model.hpp"

namespace qkvbench::train {

/// Both not empty; context and all of the continuation but its last token fit into the model's positions.
struct Continuation {
  std::vector<std::int32_t> context, tokens;
};

struct ContinuationScore {
  double log_prob = 0;  ///< Σ_i ln p(tokens[i] | context, tokens[0 … i−1]), nats
  bool greedy = true;   ///< each token has the largest logit (the first of equals)
};

/// Requests of one context run through it once: its keys and values are copied to a row of the cache for each, and the
/// rows then go on together, a token a step. The cache is kept in a format of the caller's. `on_progress(done)` hears
/// how many requests are scored. Throws Error: usage when a token is not below the vocabulary or the family does not
/// decode; diverged when a probability is not a number.
std::vector<ContinuationScore> score_continuations(const nn::Model& model, std::span<const Continuation> requests,
                                                   kernels::NumberFormat cache_format,
                                                   const std::function<void(std::size_t done)>& on_progress = {});

}  // namespace qkvbench::train
