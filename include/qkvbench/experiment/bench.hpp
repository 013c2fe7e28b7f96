// Throughput of training steps on fixed configurations, beside what the machine could do at most.
// Measures; asserts nothing.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::experiment {

/// One configuration; the same as the PyTorch peer's case of that name.
struct BenchCase {
  const char *name, *family;
  index_t d_model, layers, heads, seq_len, batch_size;
};
std::span<const BenchCase> bench_cases();
/// Throws Error (usage) with the nearest name if there is no such case.
const BenchCase& find_bench_case(const std::string& name);

/// Model FLOPs of one training step: 6 for each weight and token, and 12·T·d a token and layer for attention.
double training_flop(const BenchCase& c);

struct BenchResult {
  std::string name, family;
  index_t steps;                             ///< timed, after two warm-up steps
  double step_ms, step_ms_min, step_ms_max;  ///< median and spread
  double tokens_per_s, gflop_per_s;          ///< from the median
  double peak_share;                         ///< of the measured FMA peak
  std::int64_t activation_bytes;
  index_t system_allocations;  ///< by the tape, in all timed steps
};

/// Trains q_k_v on random input for about `seconds`, Adam with clipping, threads as set.
BenchResult run_bench_case(const BenchCase& c, double seconds, double peak_gflops);

}  // namespace qkvbench::experiment
