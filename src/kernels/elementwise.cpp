// Maps over elements, in vector registers and blocks of 4096.
// No map here depends on where a block begins, but dropout, whose blocks are multiples of four elements.
#include "qkvbench/kernels/elementwise.hpp"

#include <algorithm>
#include <array>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/bf16.hpp"
#include "qkvbench/kernels/rows.hpp"
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

void gelu_forward(index_t N, const real* x, NumberStore y, real* slope) {
  with_store(y, [=](auto put) {
    for_vectors(N, [=](index_t i, index_t n) {
      const Vec v = simd::load_part(x + i, n);
      const simd::Normal normal = simd::normal(v);
      put(i, v * normal.cdf, n);
      if (slope) simd::store_part(slope + i, normal.cdf + v * normal.density, n);
    });
  });
}

namespace {

/// 1/(1 + e^-x), from the exponential that cannot overflow.
Vec sigmoid(Vec x) {
  const Vec e = simd::exp(x < Vec{} ? x : -x);
  return (x < Vec{} ? e : simd::broadcast(1)) / (e + 1);
}

}  // namespace

void gelu_tanh_forward(index_t N, const real* x, NumberStore y, real* slope) {
  constexpr auto kTwiceRoot = static_cast<real>(1.59576912160573071176);  // 2·√(2/π): ½(1 + tanh z) is sigmoid(2z)
  constexpr auto kCubic = static_cast<real>(0.044715);
  with_store(y, [=](auto put) {
    for_vectors(N, [=](index_t i, index_t n) {
      const Vec v = simd::load_part(x + i, n), square = v * v;
      const Vec s = sigmoid(v * (square * kCubic + 1) * kTwiceRoot);
      put(i, v * s, n);
      if (slope) simd::store_part(slope + i, s + v * s * (1 - s) * (square * (3 * kCubic) + 1) * kTwiceRoot, n);
    });
  });
}

void gelu_backward(index_t N, const real* slope, real* d) {
  for_vectors(N, [=](index_t i, index_t n) {
    simd::store_part(d + i, simd::load_part(d + i, n) * simd::load_part(slope + i, n), n);
  });
}

void swiglu_forward(index_t N, const real* gate, const real* x, NumberStore y) {
  with_store(y, [=](auto put) {
    for_vectors(N, [=](index_t i, index_t n) {
      const Vec g = simd::load_part(gate + i, n);
      put(i, g * sigmoid(g) * simd::load_part(x + i, n), n);
    });
  });
}

void swiglu_backward(index_t N, const real* dy, const real* gate, const real* x, real* dgate, bool accumulate_gate,
                     real* dx, bool accumulate_x) {
  for_vectors(N, [=](index_t i, index_t n) {
    const Vec d = simd::load_part(dy + i, n), g = simd::load_part(gate + i, n), s = sigmoid(g);
    const Vec through_gate = d * simd::load_part(x + i, n) * s * (g * (1 - s) + 1);
    if (dx) write(dx + i, n, d * g * s, accumulate_x);
    if (dgate) write(dgate + i, n, through_gate, accumulate_gate);
  });
}

void scale_columns_forward(index_t R, index_t C, const real* x, const real* gain, real* y) {
  for_row_blocks(R, C, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r)
      for (index_t c = 0; c < C; ++c) y[r * C + c] = x[r * C + c] * gain[c];
  });
}

void scale_columns_backward(index_t R, index_t C, const real* dy, const real* x, const real* gain, real* dx,
                            bool accumulate, real* dgain) {
  if (dgain)
    sum_over_rows(R, C, dgain, [=](index_t begin, index_t end, real* partial) {
      for (index_t r = begin; r < end; ++r)
        for (index_t c = 0; c < C; ++c) partial[c] += dy[r * C + c] * x[r * C + c];
    });
  if (dx)
    for_row_blocks(R, C, [=](index_t begin, index_t end) {
      for (index_t r = begin; r < end; ++r)
        for (index_t c = 0; c < C; ++c) {
          const real d = dy[r * C + c] * gain[c];
          dx[r * C + c] = accumulate ? dx[r * C + c] + d : d;
        }
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
