// What a configuration costs, in the numbers that `inspect` prints: several lengths, number formats, the reduction.
// Formulas are in nn/accounting; nothing is measured or allocated.
#pragma once
#include <array>
#include <utility>
#include <vector>

#include "qkvbench/kernels/number_format.hpp"
#include "qkvbench/nn/accounting.hpp"
#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

/// What one of several ranks holds and sends, see train/all_reduce.
struct RankCosts {
  index_t ranks;
  index_t sent_bytes_per_step;    ///< of gradients, or of gradients and parameters where moments are shared out
  index_t gradients_bytes;        ///< with the sums that its parts of a step wait in
  index_t sharded_moments_bytes;  ///< with --shard-optimizer
};

struct Costs {
  Config config;
  nn::Cost cost;                                  ///< at the configuration's own length
  std::vector<std::pair<index_t, index_t>> macs;  ///< length, multiply-adds of one forward pass
  index_t context;                                ///< positions that the cache is counted for
  std::array<index_t, kernels::kFormatNames.size()> cache_bytes_per_token;  ///< as decoding allocates it, by format
  double cache_reduction;        ///< against q_k_v with as many kv heads as heads, 0 … 1
  nn::TrainingMemory memory;     ///< of one process
  std::vector<RankCosts> ranks;  ///< 2, 4, … replicas
};

/// `lengths`: positions to count multiply-adds at; none: a sixteenth, a quarter, a half and all of seq_len for
/// language models, all positions for others. `context`: 0 for all positions. The configuration must be resolved.
/// Throws Error (usage) when a length is beyond the learned positions or the task fixes it.
Costs count_costs(const Config& config, std::vector<index_t> lengths, index_t context);
Json costs_json(const Costs& costs);

/// Of one process: nn::training_memory, and the sums that wait where a step has several replicas. The configuration
/// must be resolved.
nn::TrainingMemory training_memory(const Config& config);

/// Bytes that the parameters take as they are.
index_t parameter_bytes(const nn::Model& model);

/// The configuration with every partition (with the + term if it has it), and for each as many kv heads as heads,
/// halves of that, and one, as far as the partition allows.
std::vector<Config> sharing_grid(const Config& config);

}  // namespace qkvbench::run
