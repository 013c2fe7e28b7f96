// One vector register of reals, in the compiler's portable vector types, and the functions kernels need on it.
// The target's width is the only thing that changes between AVX-512, AVX2 and NEON; intrinsics only where a mask is all
// that the types lack.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "qkvbench/base/real.hpp"

namespace qkvbench::simd {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif
inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(real));

typedef real Vec __attribute__((vector_size(kVectorBytes), may_alias));
typedef std::uint32_t Words __attribute__((vector_size(kVectorBytes)));

inline Vec load(const real* p) {
  Vec v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
inline void store(real* p, Vec v) { std::memcpy(p, &v, sizeof(v)); }

/// The first n of p (0 <= n <= kLanes), zeros behind.
inline Vec load_part(const real* p, index_t n) {
#if defined(__AVX512F__) && defined(QKVBENCH_DOUBLE)
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
#elif defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
#else
  if (n == kLanes) return load(p);
  real lane[kLanes] = {};
  for (index_t i = 0; i < n; ++i) lane[i] = p[i];
  return load(lane);
#endif
}
inline void store_part(real* p, Vec v, index_t n) {
#if defined(__AVX512F__) && defined(QKVBENCH_DOUBLE)
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), v);
#elif defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), v);
#else
  if (n == kLanes) return store(p, v);
  real lane[kLanes];
  store(lane, v);
  for (index_t i = 0; i < n; ++i) p[i] = lane[i];
#endif
}

/// v, but `rest` in lane n and behind; n may lie outside [0, kLanes].
inline Vec keep_first(Vec v, index_t n, Vec rest = Vec{}) {
  if (n >= kLanes) return v;
  typedef decltype(v < v) Lanes;
  Lanes lane{};
  for (int i = 0; i < kLanes; ++i) lane[i] = i;
  return lane < static_cast<int>(n) ? v : rest;
}

/// The same address, of which the compiler then knows nothing: it computes it where it is used, instead of keeping a
/// dozen of them in memory.
template <class T>
inline T* opaque(T* p) {
  asm("" : "+r"(p));
  return p;
}

/// Lanes I of a, or I - kLanes of b.
template <int... I>
inline Vec shuffle(Vec a, Vec b) {
#if defined(__clang__) || __GNUC__ >= 12
  return __builtin_shufflevector(a, b, I...);
#else
  typedef decltype(a < b) Lanes;
  return __builtin_shuffle(a, b, Lanes{I...});
#endif
}

using AllLanes = std::make_integer_sequence<int, kLanes>;

/// One step of a transposition: squares of S by S lanes off the diagonal of two rows change places.
template <int S, int... I>
inline void exchange(Vec& upper, Vec& lower, std::integer_sequence<int, I...>) {
  const Vec a = upper, b = lower;
  upper = shuffle<((I & S) == 0 ? I : kLanes + I - S)...>(a, b);
  lower = shuffle<((I & S) == 0 ? I + S : kLanes + I)...>(a, b);
}

/// Exchanges rows and columns of a square of lanes.
template <int S = 1>
[[gnu::always_inline]] inline void transpose(Vec (&rows)[kLanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i)
    if ((i & S) == 0) exchange<S>(rows[i], rows[i + S], AllLanes{});
  if constexpr (2 * S < kLanes) transpose<2 * S>(rows);
}

/// v with zeros in the lanes whose word is below the threshold. words: [kLanes].
inline Vec keep_at_least(Vec v, const std::uint32_t* words, std::uint32_t threshold) {
#ifdef QKVBENCH_DOUBLE
  for (int i = 0; i < kLanes; ++i) v[i] = words[i] >= threshold ? v[i] : 0;
  return v;
#else
  Words w;
  std::memcpy(&w, words, sizeof(w));
  return std::bit_cast<Vec>(std::bit_cast<Words>(v) & std::bit_cast<Words>(w >= threshold));
#endif
}

/// x in every lane. (Minus zero, so that the compiler may drop the subtraction: x - 0 is x even for -0.)
inline Vec broadcast(real x) { return x - Vec{}; }

/// The larger in every lane; b where either is not a number.
inline Vec max(Vec a, Vec b) { return a > b ? a : b; }

/// Lane i becomes lane (i + S) mod kLanes.
template <int S, int... I>
inline Vec rotate(Vec v, std::integer_sequence<int, I...>) {
  return shuffle<(I + S) % kLanes...>(v, v);
}

/// f over all lanes, one half with the other, always in the same tree. Between registers: a vector that is stored and
/// read back lane by lane waits for the store.
template <int Half = kLanes / 2, class F>
inline real fold(Vec v, F f) {
  v = f(v, rotate<Half>(v, AllLanes{}));
  if constexpr (Half == 1)
    return v[0];
  else
    return fold<Half / 2>(v, f);
}

inline real sum(Vec v) {
  return fold(v, [](Vec a, Vec b) { return a + b; });
}

inline real max_lane(Vec v) { return fold(v, max); }

/// Σ a∘b over n numbers, a vector after the other.
inline real dot(index_t n, const real* a, const real* b) {
  Vec total{};
  index_t i = 0;
  for (; i + kLanes <= n; i += kLanes) total += load(a + i) * load(b + i);
  if (i < n) total += load_part(a + i, n - i) * load_part(b + i, n - i);
  return sum(total);
}

/// f of every lane, one after the other.
template <class F>
Vec map_lanes(Vec v, F f) {
  real lane[kLanes];
  store(lane, v);
  for (real& x : lane) x = f(x);
  return load(lane);
}

/// e^x in every lane for x <= 88.7; relative error below 2e-7 in float, 0 below -87.3.
inline Vec exp(Vec x) {
#ifdef QKVBENCH_DOUBLE
  return map_lanes(x, [](real lane) { return std::exp(lane); });
#else
  // x = n·ln 2 + r with |r| <= ln 2 / 2; the magic number rounds to the nearest integer n.
  const Vec magic = broadcast(12582912.0f);  // 1.5 · 2^23
  const Vec y = max(broadcast(-87.3f), x);
  const Vec shifted = y * 1.44269504f + magic;
  const Vec n = shifted - magic;
  Vec r = y - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  // e^r = 1 + r + r²·q(r): q is a minimax fit with error 3.1e-9 (Taylor's coefficients would leave 1.2e-7).
  Vec p = broadcast(1.381454008e-3f);
  p = p * r + 8.368745108e-3f;
  p = p * r + 4.166839079e-2f;
  p = p * r + 1.666652040e-1f;
  p = p * r + 4.999999343e-1f;
  p = p * (r * r) + r + 1.0f;
  // The low bits of `shifted` are n, those of the magic number are zeros: added to the exponent they multiply by 2^n.
  // The result has a normal exponent for all x in range, n = -126 and 128 too. x - x keeps what is not a number.
  p = std::bit_cast<Vec>(std::bit_cast<Words>(p) + (std::bit_cast<Words>(shifted) << 23));
  return x < -87.3f ? Vec{} : p + (x - x);
#endif
}

/// Standard normal distribution: cdf Φ(x) and density φ(x) in every lane.
struct Normal {
  Vec cdf, density;
};

/// Φ and φ with relative error below 1.5e-6 in float for |x| <= 6, most of it the rounding of x²
/// (Φ(x) = ½·erfc(-x/√2), "exact" GELU).
inline Normal normal(Vec x) {
  constexpr real kInvSqrt2Pi = static_cast<real>(0.39894228040143267794);
#ifdef QKVBENCH_DOUBLE
  return {map_lanes(x, [](real lane) { return 0.5 * std::erfc(-lane * 0.70710678118654752440); }),
          map_lanes(x, [](real lane) { return kInvSqrt2Pi * std::exp(-0.5 * lane * lane); })};
#else
  // Φ(-z) = e^(-z²/2) · P(t), t = 1/(1 + 0.21·z), z >= 0: P is a minimax fit of degree 9 with error 1.7e-8.
  const Vec z = x < 0.0f ? -x : x;
  const Vec t = 1.0f / (z * 0.21f + 1.0f);
  Vec p = broadcast(-0.07165633438979829f);
  p = p * t + 0.2835886826314744f;
  p = p * t - 0.33025361069711145f;
  p = p * t + 0.3494012569751759f;
  p = p * t - 0.09392537433351177f;
  p = p * t + 0.12487279934451082f;
  p = p * t + 0.06919215103393701f;
  p = p * t + 0.08506886075905898f;
  p = p * t + 0.0837115754814032f;
  const Vec bell = exp(z * z * -0.5f);
  const Vec tail = bell * p * t;
  return {x < 0.0f ? tail : 1.0f - tail, bell * kInvSqrt2Pi};
#endif
}

}  // namespace qkvbench::simd
