// Throughput of training steps and of forward passes on fixed configurations, and where their time goes.
// Measures; asserts nothing.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "qkvbench/base/profile.hpp"
#include "qkvbench/kernels/peak.hpp"
#include "qkvbench/run/bench_cases.hpp"
#include "qkvbench/run/bench_limits.hpp"
#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

/// What a step is.
enum class BenchKind {
  kTrain,  ///< forward, backward, clipping, Adam
  kEval    ///< forward and the loss
};

struct BenchResult {
  BenchCase config;
  int threads;
  index_t steps;                             ///< timed, after two warm-up steps
  double step_ms, step_ms_min, step_ms_max;  ///< median and spread
  double tokens_per_s, gflop_per_s;          ///< from the median
  Profile::Seconds shares;                   ///< of each part; they add up to 1
  std::int64_t activation_bytes;             ///< and gradients of activations
  std::int64_t peak_rss_bytes;               ///< of the process in this case; on systems but Linux, so far
  index_t system_allocations;                ///< by the tape, in all timed steps
  double allocations_per_step;               ///< of any kind
};

/// Takes about `seconds` for the timing and a quarter of that for the shares, which are measured apart: what is timed
/// is not slowed down. At least three steps of each. Random input, threads as set. precision: of training's products.
BenchResult run_bench_case(const BenchCase& c, BenchKind kind, double seconds,
                           kernels::NumberFormat precision = kernels::NumberFormat::kFp32);

/// How long the same case takes somebody else.
struct PeerResult {
  double step_ms, tokens_per_s;
  std::string torch, setting;  ///< its version, and the environment that was the faster
};

/// What the machine could do at most.
struct MachineLimits {
  LimitRange fma_peak_gflops;  ///< measured again beside each row, which adds to it
  kernels::Bandwidth bandwidth;
  std::optional<double> one_thread_peak_gflops;
};
/// The first measurement of each. Takes about a second. `one_thread`: measures a single thread too.
MachineLimits measure_limits(bool one_thread);

/// Everything about one case.
struct CaseRecord {
  BenchResult result;
  LimitRange fma_peak_gflops;  ///< before it was timed, and after each part of it
  std::optional<BenchResult> one_thread, bf16;
  std::optional<PeerResult> peer, peer_bf16;
  std::optional<double> earlier_tokens_per_s;

  double thread_gain() const { return one_thread->step_ms / result.step_ms; }
};

const char* bench_kind_name(BenchKind kind);
/// A row of the record's `cases`, once `limits` has those beside all rows. What was not measured is null.
Json case_json(const CaseRecord& record, const MachineLimits& limits);
/// What every record of a benchmark begins with: which benchmark and where.
Json bench_json(const std::string& bench);
Json limits_json(const MachineLimits& limits);

}  // namespace qkvbench::run
