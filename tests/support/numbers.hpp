// Fixed arrays of numbers for tests: normal, uneven, the same on every machine.
// Not a source of randomness between runs; a test that fails once fails always.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/random.hpp"

namespace qkvbench::testing {

/// n normal numbers with this deviation around this mean; another `seed`, other numbers.
inline std::vector<real> normals(index_t n, std::uint64_t seed, double deviation = 1, double mean = 0) {
  const RandomStream random(seed, Purpose::kSample, 77);
  std::vector<real> out(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<real>(mean + deviation * random.normal(i));
  return out;
}

/// Largest |a - b|; infinite when the sizes differ, NaN when any difference is.
template <class A, class B>
double max_difference(const std::vector<A>& a, const std::vector<B>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double diff = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(diff <= worst)) worst = diff;
    if (std::isnan(worst)) break;
  }
  return worst;
}

/// Leaves NaN in the calling thread's scratch memory, so that reading what was never written shows.
inline void poison_scratch() {
  Scratch scratch;
  std::fill_n(scratch.take(1 << 16), 1 << 16, std::numeric_limits<real>::quiet_NaN());
}

}  // namespace qkvbench::testing
