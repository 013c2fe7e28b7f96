// Maps over elements, in vector registers and blocks of 4096.
// No map here depends on where a block begins, but dropout, whose blocks are multiples of four elements.
#include "qkvbench/kernels/elementwise.hpp"

#include <algorithm>
#include <array>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

using simd::kLanes;
using simd::Vec;

namespace {

constexpr index_t kGrain = 4096;

/// Calls f(offset, lanes) for every vector of [0, N).
template <class F>
void for_vectors(index_t N, F&& f) {
  parallel_ranges(N, kGrain, [&](index_t begin, index_t end) {
    index_t i = begin;
    for (; i + kLanes <= end; i += kLanes) f(i, index_t{kLanes});
    if (i < end) f(i, end - i);
  });
}

void write(real* p, index_t n, Vec v, bool accumulate) {
  simd::store_part(p, accumulate ? simd::load_part(p, n) + v : v, n);
}

}  // namespace

void gelu_forward(index_t N, const real* x, real* y, real* slope) {
  for_vectors(N, [=](index_t i, index_t n) {
    const Vec v = simd::load_part(x + i, n);
    const simd::Normal normal = simd::normal(v);
    simd::store_part(y + i, v * normal.cdf, n);
    if (slope) simd::store_part(slope + i, normal.cdf + v * normal.density, n);
  });
}

void gelu_backward(index_t N, const real* slope, real* d) {
  for_vectors(N, [=](index_t i, index_t n) {
    simd::store_part(d + i, simd::load_part(d + i, n) * simd::load_part(slope + i, n), n);
  });
}

void zero(index_t N, real* y) {
  parallel_ranges(N, kGrain, [=](index_t begin, index_t end) { std::fill(y + begin, y + end, real{0}); });
}

void add_forward(index_t N, const real* a, const real* b, real* y) {
  for_vectors(N, [=](index_t i, index_t n) {
    simd::store_part(y + i, simd::load_part(a + i, n) + simd::load_part(b + i, n), n);
  });
}

void add_backward(index_t N, const real* dy, real* dx, bool accumulate) {
  for_vectors(N, [=](index_t i, index_t n) { write(dx + i, n, simd::load_part(dy + i, n), accumulate); });
}

void add_rows_forward(index_t B, index_t P, const real* x, const real* table, real* y) {
  parallel_for(B, [=](index_t b) {
    for (index_t i = 0; i < P; ++i) y[b * P + i] = x[b * P + i] + table[i];
  });
}

void dropout(index_t N, const real* x, real p, const RandomStream& random, std::uint64_t first, real* y,
             bool accumulate) {
  const auto threshold = static_cast<std::uint32_t>(static_cast<double>(p) * 0x1p32);
  const real scale = 1 / (1 - p);
  parallel_ranges(N, kGrain, [=](index_t begin, index_t end) {
    std::array<std::uint32_t, 256> bits;
    for (index_t i = begin; i < end; i += static_cast<index_t>(bits.size())) {
      random.fill((first + static_cast<std::uint64_t>(i)) / 4, bits);
      const index_t n = std::min(static_cast<index_t>(bits.size()), end - i);
      for (index_t j = 0; j < n; j += kLanes) {
        const index_t lanes = std::min<index_t>(kLanes, n - j);
        const Vec kept = simd::keep_at_least(simd::load_part(x + i + j, lanes) * scale, bits.data() + j, threshold);
        write(y + i + j, lanes, kept, accumulate);
      }
    }
  });
}

}  // namespace qkvbench::kernels
