// Writing on: how the next token is chosen, and the loop of decoding over several prompts at once.
// Tokens in, tokens out; texts are the caller's.
#pragma once
#include <functional>
#include <vector>

#include "qkvbench/data/dataset.hpp"
#include "qkvbench/kernels/loss.hpp"
#include "qkvbench/nn/kv_cache.hpp"
#include "qkvbench/nn/model.hpp"

namespace qkvbench::train {

/// How a token is chosen from its logits. The filters apply one after the other: temperature, top_k, top_p.
struct Sampling {
  bool greedy = false;     ///< the largest logit; nothing else applies
  double temperature = 1;  ///< logits are divided by it
  index_t top_k = 0;       ///< only the k most likely; 0: all
  double top_p = 1;        ///< only the most likely that reach this probability together, at least one
};

/// The token that `uniform` in [0, 1) picks. Equal logits rank by their ids.
/// Throws Error (diverged) when a logit is not a number.   Source of top_p: Holtzman et al., 2020.
std::int32_t sample(std::span<const real> logits, const Sampling& sampling, double uniform);

struct GenerateOptions {
  index_t length = 100;   ///< new tokens of each row
  index_t context = 0;    ///< positions that the model sees at most; 0: as many as it was trained with
  index_t vocab = 0;      ///< only ids below are drawn, since a model may have more than its tokenizer; 0: all
  bool use_cache = true;  ///< false: every token runs the whole context through the model again
  kernels::NumberFormat cache_format = kernels::NumberFormat::kFp32;
  Sampling sampling;
  std::uint64_t seed = 0;
};

struct Generated {
  std::vector<std::vector<std::int32_t>> rows;  ///< new tokens
  index_t cache_bytes = 0;                      ///< allocated
  double prompt_s = 0, tokens_s = 0;            ///< seconds for the prompts, and for the tokens after the first
};

/// Writes each prompt on. Rows draw from (seed, row, number of the token) and are alone: what a row becomes does not
/// depend on the others up to rounding. When the context is full, its later half is kept and run through again.
/// `on_token(row, token)` hears every new token as it comes.
/// Throws Error (usage) when a prompt is empty or a token is not below the vocabulary, or the context is too long.
Generated generate(const nn::Model& model, const std::vector<std::vector<std::int32_t>>& prompts,
                   const GenerateOptions& options,
                   const std::function<void(index_t row, std::int32_t token)>& on_token = {});

/// Scores windows of tokens as decoding sees them: one position after the other, through a cache. In fp32 the same
/// numbers as evaluate() up to rounding; what it costs shows what the cache is worth.
struct DecodedScore {
  kernels::EvalSums score;
  index_t cache_bytes;  ///< allocated, for `batch_size` windows
};
/// data: windows of T tokens ([B, T] ids, [B·T] targets).   Throws Error (usage) when the family does not decode.
DecodedScore evaluate_decoding(const nn::Model& model, const data::Dataset& data, index_t batch_size,
                               kernels::NumberFormat cache_format = kernels::NumberFormat::kFp32);

}  // namespace qkvbench::train
