// Products of numbers rounded to bf16: how a number is rounded, and the two routes to the same bits.
// For kernels alone.
//
// A product of bf16 numbers is exact in 16 bits of fraction, a sum is rounded once for each number, in their order, as
// fused multiply-adds do; numbers below 2^-126 count as zero, going in and coming out. That is what the instruction
// VDPBF16PS does with a pair of numbers, and what ordinary fused multiply-adds do with numbers that were rounded before
// and a processor told to flush subnormals.
#pragma once
#include <cstdint>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

#include "qkvbench/kernels/narrow.hpp"

namespace qkvbench::kernels {

/// How bf16 operands lie in cells of the size of a float, and what multiplies them.
enum class Bf16Route {
  kRounded,         ///< a number a cell, by fused multiply-adds of fp32: on every processor
  kPairsHighFirst,  ///< two numbers a cell, the first in the upper half, which the instruction adds first
  kPairsLowFirst    ///< the same for an instruction that adds the lower half first
};

/// The route of this process. Pairs only where the processor has the instruction and gave, on several thousand
/// products, the bits of kRounded; so the route never changes a result.
Bf16Route bf16_route();
/// For tests: pairs too where there is no instruction, which is then spelled out. kRounded where a real is a double.
void set_bf16_route(Bf16Route route);

/// Rows of cells that hold `depth` rows of numbers: an odd last one is paired with a zero on either route, which turns
/// a sum of -0 to 0.
inline index_t bf16_cells(Bf16Route route, index_t depth) {
  return route == Bf16Route::kRounded ? (depth + 1) / 2 * 2 : (depth + 1) / 2;
}

using simd::Words;

/// Each lane rounded to bf16: to nearest, ties to even; what is not a number stays none.
inline simd::Vec round_bf16(simd::Vec x) {
#ifdef QKVBENCH_DOUBLE
  return simd::map_lanes(x, [](real lane) {
    const auto upper = static_cast<std::uint32_t>(bf16_of(static_cast<float>(lane)));
    return static_cast<real>(std::bit_cast<float>(upper << 16));
  });
#else
  const Words bits = std::bit_cast<Words>(x);
  const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u;
  return x == x ? std::bit_cast<simd::Vec>(rounded) : x + x;
#endif
}

#ifndef QKVBENCH_DOUBLE

/// sum + the two products of each cell, that of the upper halves first, each rounded once. Subnormals must be flushed.
[[gnu::always_inline]] inline simd::Vec add_pairs_spelled_out(simd::Vec sum, simd::Vec a, simd::Vec b) {
  const Words x = std::bit_cast<Words>(a), y = std::bit_cast<Words>(b);
  sum += std::bit_cast<simd::Vec>(x & 0xffff0000u) * std::bit_cast<simd::Vec>(y & 0xffff0000u);
  return sum + std::bit_cast<simd::Vec>(x << 16) * std::bit_cast<simd::Vec>(y << 16);
}

/// The same by one instruction where this build has it; it flushes subnormals by itself.
[[gnu::always_inline]] inline simd::Vec add_pairs(simd::Vec sum, simd::Vec a, simd::Vec b) {
#ifdef __AVX512BF16__
  return std::bit_cast<simd::Vec>(
      _mm512_dpbf16_ps(std::bit_cast<__m512>(sum), std::bit_cast<__m512bh>(a), std::bit_cast<__m512bh>(b)));
#else
  return add_pairs_spelled_out(sum, a, b);
#endif
}

/// The cells of a row of rounded numbers and the row behind it.
inline simd::Vec pair_rows(Bf16Route route, simd::Vec first, simd::Vec second) {
  const Words a = std::bit_cast<Words>(first), b = std::bit_cast<Words>(second);
  return std::bit_cast<simd::Vec>(route == Bf16Route::kPairsHighFirst ? a | (b >> 16) : (a >> 16) | b);
}

/// The cells of rounded numbers that lie side by side, half as many.   out: [kLanes / 2], written.
inline void store_pairs(Bf16Route route, simd::Vec x, real* out) {
  typedef std::uint64_t DoubleWords __attribute__((vector_size(simd::kVectorBytes)));
  typedef std::uint32_t HalfWords __attribute__((vector_size(simd::kVectorBytes / 2)));
  const DoubleWords w = std::bit_cast<DoubleWords>(x);  // the first number of a pair is the lower word
  const HalfWords cells =
      __builtin_convertvector(route == Bf16Route::kPairsHighFirst ? (w & 0xffff0000u) | (w >> 48)
                                                                  : ((w >> 16) & 0xffff) | ((w >> 32) & 0xffff0000u),
                              HalfWords);
  std::memcpy(out, &cells, sizeof(cells));
}

#endif

/// Numbers below 2^-126 count as zero on this thread while one of these lives.
class FlushSubnormals {
 public:
  explicit FlushSubnormals(bool on) : on_(on) {
    if (on_) before_ = control(), set_control(before_ | kFlush);
  }
  ~FlushSubnormals() {
    if (on_) set_control(before_);
  }
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
  bool on_;
  Control before_ = 0;
};

}  // namespace qkvbench::kernels
