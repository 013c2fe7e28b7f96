// Chains of fused multiply-adds long enough to hide their latency and short enough to stay in registers.
// Nothing here touches memory.
#include "qkvbench/kernels/peak.hpp"

#include <algorithm>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

namespace {

constexpr int kChains = 12;
constexpr index_t kRounds = 400000;

/// Returns a number that depends on every chain, so that none is left out.
real spin(real seed) {
  using simd::Vec;
  Vec chain[kChains];
  for (int i = 0; i < kChains; ++i) chain[i] = simd::broadcast(seed + static_cast<real>(i));
  const Vec factor = simd::broadcast(static_cast<real>(0.9999)), term = simd::broadcast(static_cast<real>(1e-4));
  for (index_t n = 0; n < kRounds; ++n)
#pragma GCC unroll 16
    for (int i = 0; i < kChains; ++i) chain[i] = chain[i] * factor + term;
  Vec total{};
  for (const Vec& c : chain) total += c;
  return simd::sum(total);
}

}  // namespace

double measure_fma_peak_gflops(double seconds) {
  const int n = threads();
  const double flop = 2.0 * kChains * simd::kLanes * static_cast<double>(kRounds) * n;
  double best = 0;
  const double end = seconds_now() + seconds;
  volatile real sink = 0;
  do {
    const double begin = seconds_now();
    parallel_for(n, [&](index_t i) {
      const real result = spin(static_cast<real>(i));
      if (result == -1) sink = result;
    });
    best = std::max(best, flop / (seconds_now() - begin) * 1e-9);
  } while (seconds_now() < end);
  return best;
}

}  // namespace qkvbench::kernels
