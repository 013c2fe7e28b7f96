// How kernels read rows in each number format: a type a format, for templates whose inner loop is one format's.
// For kernels alone; what a format is, number_format.hpp says.
#pragma once
#include <bit>
#include <cstring>

#include "qkvbench/kernels/number_format.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

/// The upper half of x, rounded to nearest, ties to even; what is not a number stays none.
inline std::uint16_t bf16_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return static_cast<std::uint16_t>(bits >> 16 | 0x40);  // not to become infinite by the cut
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Numbers as the engine has them.
struct Fp32Row {
  using Stored = real;
  static constexpr bool kScaled = false;
  static const real* at(const std::byte* row, index_t i) { return reinterpret_cast<const real*>(row) + i; }
  static simd::Vec load(const real* p) { return simd::load(p); }
  static simd::Vec load_part(const real* p, index_t n) { return simd::load_part(p, n); }
};

namespace detail {

typedef float Floats __attribute__((vector_size(4 * simd::kLanes)));
typedef std::uint32_t Words __attribute__((vector_size(4 * simd::kLanes)));
typedef std::int32_t Ints __attribute__((vector_size(4 * simd::kLanes)));

/// Numbers of kLanes elements as 32-bit integers. Intrinsics where the compiler's own conversion takes halves apart.
inline Words to_words(const std::uint16_t* p) {
#if defined(__AVX512F__) && !defined(QKVBENCH_DOUBLE)
  return std::bit_cast<Words>(
      _mm512_maskz_cvtepu16_epi32(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))));
#else
  typedef std::uint16_t Halves __attribute__((vector_size(2 * simd::kLanes)));
  Halves halves;
  std::memcpy(&halves, p, sizeof(halves));
  return __builtin_convertvector(halves, Words);
#endif
}
inline Ints to_ints(const std::int8_t* p) {
#if defined(__AVX512F__) && !defined(QKVBENCH_DOUBLE)
  return std::bit_cast<Ints>(_mm512_maskz_cvtepi8_epi32(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
#else
  typedef std::int8_t Bytes __attribute__((vector_size(simd::kLanes)));
  typedef std::int16_t Shorts __attribute__((vector_size(2 * simd::kLanes)));
  Bytes bytes;
  std::memcpy(&bytes, p, sizeof(bytes));
  return __builtin_convertvector(__builtin_convertvector(bytes, Shorts), Ints);
#endif
}

/// The first n of p and zeros behind, for loads that have no mask.
template <class Row>
simd::Vec load_part_of(const typename Row::Stored* p, index_t n) {
  typename Row::Stored lane[simd::kLanes] = {};
  for (index_t i = 0; i < n; ++i) lane[i] = p[i];
  return Row::load(lane);
}

}  // namespace detail

struct Bf16Row {
  using Stored = std::uint16_t;
  static constexpr bool kScaled = false;
  static const Stored* at(const std::byte* row, index_t i) { return reinterpret_cast<const Stored*>(row) + i; }
  static simd::Vec load(const Stored* p) {
    const detail::Words words = detail::to_words(p) << 16;
    return __builtin_convertvector(std::bit_cast<detail::Floats>(words), simd::Vec);
  }
  static simd::Vec load_part(const Stored* p, index_t n) {
#if defined(__AVX512BW__) && defined(__AVX512VL__) && !defined(QKVBENCH_DOUBLE)
    const auto first = static_cast<__mmask16>((1u << n) - 1);
    const __m512i words = _mm512_maskz_cvtepu16_epi32(first, _mm256_maskz_loadu_epi16(first, p));
    return std::bit_cast<simd::Vec>(std::bit_cast<detail::Words>(words) << 16);
#else
    return detail::load_part_of<Bf16Row>(p, n);
#endif
  }
};

/// A block is a float and 64 numbers; the last of a row may be shorter.
struct Int8Row {
  using Stored = std::int8_t;
  static constexpr bool kScaled = true;
  static constexpr index_t kBlockBytes = sizeof(float) + kInt8Block;
  static const Stored* at(const std::byte* row, index_t i) {
    return reinterpret_cast<const Stored*>(row + i / kInt8Block * kBlockBytes + sizeof(float)) + i % kInt8Block;
  }
  /// Of the block that holds number i.
  static real scale(const std::byte* row, index_t i) {
    float scale;
    std::memcpy(&scale, row + i / kInt8Block * kBlockBytes, sizeof(scale));
    return scale;
  }
  static simd::Vec load(const Stored* p) { return __builtin_convertvector(detail::to_ints(p), simd::Vec); }
  static simd::Vec load_part(const Stored* p, index_t n) { return detail::load_part_of<Int8Row>(p, n); }
};

/// f(Row{}) for the type of a format.
template <class F>
decltype(auto) with_row(NumberFormat format, F f) {
  switch (format) {
    case NumberFormat::kBf16: return f(Bf16Row{});
    case NumberFormat::kInt8: return f(Int8Row{});
    default: return f(Fp32Row{});
  }
}

/// Σ x∘y over n numbers, `Ways` vectors side by side, since one sum would wait for itself. y: numbers of one scale.
template <class Row, int Ways>
[[gnu::always_inline]] inline simd::Vec products(index_t n, const real* x, const typename Row::Stored* y) {
  static_assert(Ways == 1 || Ways == 4);
  using simd::kLanes;
  simd::Vec sum[Ways] = {};
  index_t i = 0;
  for (; i + Ways * kLanes <= n; i += Ways * kLanes)
    for (index_t w = 0; w < Ways; ++w) sum[w] += simd::load(x + i + w * kLanes) * Row::load(y + i + w * kLanes);
  for (; i + kLanes <= n; i += kLanes) sum[0] += simd::load(x + i) * Row::load(y + i);
  if (i < n) sum[0] += simd::load_part(x + i, n - i) * Row::load_part(y + i, n - i);
  if constexpr (Ways == 1)
    return sum[0];
  else
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/// Σ x∘row over the row's first n numbers.
template <class Row, int Ways>
[[gnu::always_inline]] inline real dot(index_t n, const real* x, const std::byte* row) {
  if constexpr (!Row::kScaled) {
    return simd::sum(products<Row, Ways>(n, x, Row::at(row, 0)));
  } else {
    simd::Vec total{};
    for (index_t i = 0; i < n; i += kInt8Block)
      total += products<Row, 1>(n - i < kInt8Block ? n - i : kInt8Block, x + i, Row::at(row, i)) * Row::scale(row, i);
    return simd::sum(total);
  }
}

}  // namespace qkvbench::kernels
