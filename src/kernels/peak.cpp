// Chains of fused multiply-adds long enough to hide their latency and short enough to stay in registers; and sweeps
// over arrays that no cache holds. Nothing here is part of a model.
#include "qkvbench/kernels/peak.hpp"

#include <algorithm>

#include "qkvbench/base/arena.hpp"
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

constexpr index_t kPiece = index_t{1} << 16;  // numbers
// Numbers. A third-level cache may be larger than a virtual machine says: 64 MiB were read twice as fast as 256.
constexpr index_t kArray = (index_t{256} << 20) / static_cast<index_t>(sizeof(real)) / (3 * kPiece) * (3 * kPiece);

/// The best speed of f, which moves so many bytes, in 10⁹ bytes a second.
template <class F>
double best_gb_per_s(double seconds, double bytes, F f) {
  double best = 0;
  const double end = seconds_now() + seconds;
  do {
    const double begin = seconds_now();
    f();
    best = std::max(best, bytes / (seconds_now() - begin) * 1e-9);
  } while (seconds_now() < end);
  return best;
}

/// The sum of [begin, end) in eight chains.
real read(const real* x, index_t begin, index_t end) {
  simd::Vec chain[8]{};
  for (index_t i = begin; i < end; i += 8 * simd::kLanes)
#pragma GCC unroll 8
    for (int c = 0; c < 8; ++c) chain[c] += simd::load(x + i + c * simd::kLanes);
  simd::Vec total{};
  for (const simd::Vec& c : chain) total += c;
  return simd::sum(total);
}

constexpr double kArrayBytes = static_cast<double>(kArray) * sizeof(real);

/// Numbers that were written once: before, a system may keep one page of zeros for all of them.
real* zeros(Arena& arena) {
  real* const a = arena.take<real>(kArray);
  parallel_ranges(kArray, kPiece, [&](index_t begin, index_t end) { std::fill(a + begin, a + end, real{0}); });
  return a;
}

double reading_gb_per_s(const real* a, double seconds) {
  volatile real sink = 0;
  return best_gb_per_s(seconds, kArrayBytes, [&] {
    parallel_ranges(kArray, kPiece, [&](index_t begin, index_t end) {
      if (const real total = read(a, begin, end); total == -1) sink = total;
    });
  });
}

}  // namespace

double measure_read_gb_per_s(double seconds) {
  Arena arena;
  return reading_gb_per_s(zeros(arena), seconds);
}

Bandwidth measure_bandwidth(double seconds) {
  Arena arena;
  constexpr index_t third = kArray / 3;
  real* const a = zeros(arena);
  real *const b = a + third, *const c = b + third;
  const double reading = reading_gb_per_s(a, seconds / 2);
  const double triad = best_gb_per_s(seconds / 2, kArrayBytes, [&] {
    parallel_ranges(third, kPiece, [&](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) a[i] = b[i] + real{3} * c[i];
    });
  });
  return {reading, triad};
}

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
