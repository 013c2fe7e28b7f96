// Adam in one pass over all parameters.
// The gradient is cleared in the same pass, so a step never needs another.
#include "qkvbench/kernels/adam.hpp"

#include <atomic>
#include <cmath>

#include "qkvbench/base/parallel.hpp"

namespace qkvbench::kernels {

namespace {
constexpr index_t kGrain = 16384;
}

bool adam_step(index_t N, const AdamStep& s, real* x, real* dx, real* m, real* v) {
  const double t = static_cast<double>(s.step);
  const auto beta1 = static_cast<real>(s.beta1), beta2 = static_cast<real>(s.beta2);
  const auto one_minus_beta1 = static_cast<real>(1 - s.beta1), one_minus_beta2 = static_cast<real>(1 - s.beta2);
  const auto rate = static_cast<real>(s.lr / (1 - std::pow(s.beta1, t)));
  const auto root_scale = static_cast<real>(1 / std::sqrt(1 - std::pow(s.beta2, t)));
  const auto eps = static_cast<real>(s.eps), gradient_scale = static_cast<real>(s.gradient_scale);
  const auto keep = static_cast<real>(s.decoupled ? 1 - s.lr * s.weight_decay : 1);
  const auto decay = static_cast<real>(s.decoupled ? 0 : s.weight_decay);
  std::atomic<bool> finite = true;
  parallel_ranges(N, kGrain, [=, &finite](index_t begin, index_t end) {
#pragma omp simd
    for (index_t i = begin; i < end; ++i) {
      const real g = dx[i] * gradient_scale + decay * x[i];
      m[i] = beta1 * m[i] + one_minus_beta1 * g;
      v[i] = beta2 * v[i] + one_minus_beta2 * g * g;
      x[i] = x[i] * keep - rate * m[i] / (std::sqrt(v[i]) * root_scale + eps);
      dx[i] = 0;
    }
    // Σ 0·x is not a number when an x is not finite. A loop of its own, while x is in cache: GCC 12 compiles the sum in
    // the loop above to gathers, three times as slow.
    real nothing = 0;
#pragma omp simd reduction(+ : nothing)
    for (index_t i = begin; i < end; ++i) nothing += 0 * x[i];
    if (!(nothing == 0)) finite.store(false, std::memory_order_relaxed);
  });
  return finite;
}

void squares_of_blocks(index_t N, const real* x, double* sums) {
  parallel_for((N + kSquaresBlock - 1) / kSquaresBlock, [=](index_t block) {
    const index_t begin = block * kSquaresBlock, end = std::min(N, begin + kSquaresBlock);
    constexpr int kWays = 16;  // fixed, so that the order of the sum does not follow the vector width
    double ways[kWays] = {};
    index_t i = begin;
    for (; i + kWays <= end; i += kWays)
      for (int w = 0; w < kWays; ++w) ways[w] += static_cast<double>(x[i + w]) * static_cast<double>(x[i + w]);
    for (; i < end; ++i) ways[0] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    double total = 0;
    for (const double way : ways) total += way;
    sums[block] = total;
  });
}

}  // namespace qkvbench::kernels
