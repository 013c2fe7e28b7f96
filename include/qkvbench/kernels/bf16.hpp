// Products of numbers rounded to bf16: how a number is rounded, the order of sums, and the routes to the same bits.
// For kernels alone.
//
// Numbers below 2^-126 count as zero, going in and coming out. A product of two bf16 numbers is exact in a float. The
// depth is taken 32 numbers at a time, with zeros behind its end: those of even index are added up in their order from
// 0, each sum rounded once, as fused multiply-adds do; so are those of odd index; then (even + odd) is added to what
// the blocks before gave. That is what the instruction TDPBF16PS of Intel's AMX does with a tile (Intel 64 and IA-32
// Architectures Software Developer's Manual, volume 2), and what every processor can do; so it is the order for all.
#pragma once
#include <cstdint>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "qkvbench/kernels/narrow.hpp"

namespace qkvbench::kernels {

/// What multiplies, and how operands lie in cells of the size of a float for it.
enum class Bf16Route {
  kRounded,         ///< a number a cell, by fused multiply-adds of fp32: on every processor
  kPairsHighFirst,  ///< two numbers a cell, k and k + 2, by VDPBF16PS (AVX-512 BF16), which adds the upper half first
  kPairsLowFirst,   ///< the same for an instruction that adds the lower half first
  kTiles            ///< two numbers a cell, k and k + 1, by TDPBF16PS (AMX)
};

/// The route of this process: the fastest that gave, on several thousand products, the bits of kRounded. So the route
/// never changes a result.
Bf16Route bf16_route();
/// Whether a route gives the bits of kRounded on some thousand products; what the processor lacks is spelled out.
bool agrees_with_rounded(Bf16Route route);
/// For tests: any, for what the processor lacks is then spelled out. kRounded where a real is a double.
void set_bf16_route(Bf16Route route);

inline constexpr index_t kBf16Depth = 32;  ///< numbers of a block of depth: part of the result's bits
/// The depth with the zeros behind its end.
inline index_t bf16_padded(index_t depth) { return (depth + kBf16Depth - 1) / kBf16Depth * kBf16Depth; }
inline constexpr index_t bf16_numbers_of_cell(Bf16Route route) { return route == Bf16Route::kRounded ? 1 : 2; }

using simd::Words;

/// Each lane rounded to bf16: to nearest, ties to even; below 2^-126 zero; what is not a number stays none.
inline simd::Vec round_bf16(simd::Vec x) {
#ifdef QKVBENCH_DOUBLE
  return simd::map_lanes(x, [](real lane) {
    const auto number = static_cast<float>(lane);
    const auto upper = std::fabs(number) < 0x1p-126F ? 0u : static_cast<std::uint32_t>(bf16_of(number));
    return static_cast<real>(std::bit_cast<float>(upper << 16));
  });
#else
  const Words bits = std::bit_cast<Words>(x);
  const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u;
  const Words number = (bits & 0x7f800000u) == 0 ? bits & 0x80000000u : rounded;
  return x == x ? std::bit_cast<simd::Vec>(number) : x + x;
#endif
}

/// The first n lanes rounded to bf16, as halves.   to: [n], written.
inline void store_bf16(std::uint16_t* to, simd::Vec x, index_t n) {
  const simd::Vec rounded = round_bf16(x);
#if defined(__AVX512F__) && !defined(QKVBENCH_DOUBLE)
  _mm512_mask_cvtepi32_storeu_epi16(to, static_cast<__mmask16>((1u << n) - 1),
                                    std::bit_cast<__m512i>(std::bit_cast<Words>(rounded) >> 16));
#else
  for (index_t i = 0; i < n; ++i)
    to[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(rounded[static_cast<int>(i)])) >>
                                       16);
#endif
}

/// f(put) with put(i, v, n), which writes the first n lanes of v as the numbers from i on.
template <class F>
void with_store(const NumberStore& store, F f) {
  if (store.format == NumberFormat::kFp32) {
    real* const to = reinterpret_cast<real*>(store.data);
    f([to](index_t i, simd::Vec v, index_t n) { simd::store_part(to + i, v, n); });
  } else {
    auto* const to = reinterpret_cast<std::uint16_t*>(store.data);
    f([to](index_t i, simd::Vec v, index_t n) { store_bf16(to + i, v, n); });
  }
}

#ifndef QKVBENCH_DOUBLE

/// sum + the two products of each pair, that of the upper halves first, each rounded once. Subnormals must be flushed.
[[gnu::always_inline]] inline simd::Vec add_pairs_spelled_out(simd::Vec sum, simd::Vec a, simd::Vec b) {
  const Words x = std::bit_cast<Words>(a), y = std::bit_cast<Words>(b);
  sum += std::bit_cast<simd::Vec>(x & 0xffff0000u) * std::bit_cast<simd::Vec>(y & 0xffff0000u);
  return sum + std::bit_cast<simd::Vec>(x << 16) * std::bit_cast<simd::Vec>(y << 16);
}

#endif

/// Numbers below 2^-126 count as zero on this thread while one of these lives.
class FlushSubnormals {
 public:
  FlushSubnormals() : before_(control()) { set_control(before_ | kFlush); }
  ~FlushSubnormals() { set_control(before_); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
#if defined(__SSE__)
  using Control = unsigned;
  static constexpr Control kFlush = 0x8040;  // results (FTZ) and operands (DAZ)
  static Control control() { return _mm_getcsr(); }
  static void set_control(Control control) { _mm_setcsr(control); }
#elif defined(__aarch64__)
  using Control = std::uint64_t;
  static constexpr Control kFlush = Control{1} << 24;  // FZ: both
  static Control control() {
    Control control;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    return control;
  }
  static void set_control(Control control) { asm volatile("msr fpcr, %0" : : "r"(control)); }
#else
#error "how this processor flushes subnormals is not known here"
#endif
  Control before_;
};

}  // namespace qkvbench::kernels
