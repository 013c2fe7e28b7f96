// The instructions for bf16 that no level of x86-64 includes, for files that are compiled for more than their build is:
// who calls one asked has_instruction() or cpu_has_avx512_bf16() before.
// To be included first. The compiler is told of AVX-512 BF16 for such a file alone; it has no use for it in code that
// does not ask for it, so that inline functions of other headers are the same as in other files. (As assembly the
// products take half as long again: the compiler does not know how to place them.) AMX is assembly, of which it is told
// nothing.
#pragma once

#if defined(__AVX512BW__) && !defined(QKVBENCH_DOUBLE)
#if defined(__AVX512BF16__)
#define QKVBENCH_BF16_PAIRS
#elif defined(__GNUC__) && !defined(__clang__)
#define QKVBENCH_BF16_PAIRS  // GCC 12 does not tell the preprocessor of what the next line adds
#pragma GCC target("avx512bf16")
#endif
#endif

#include "qkvbench/kernels/simd.hpp"

#ifdef QKVBENCH_BF16_PAIRS

namespace qkvbench::kernels {

/// sum + the two products of each pair, in the processor's order (VDPBF16PS); it flushes subnormals by itself.
[[gnu::always_inline]] inline simd::Vec add_pairs(simd::Vec sum, simd::Vec a, simd::Vec b) {
  return std::bit_cast<simd::Vec>(
      _mm512_dpbf16_ps(std::bit_cast<__m512>(sum), std::bit_cast<__m512bh>(a), std::bit_cast<__m512bh>(b)));
}

/// The numbers of x rounded to bf16, then those of y (VCVTNE2PS2BF16).
[[gnu::always_inline]] inline simd::Vec round_to_halves(simd::Vec x, simd::Vec y) {
  return std::bit_cast<simd::Vec>(_mm512_cvtne2ps_pbh(std::bit_cast<__m512>(y), std::bit_cast<__m512>(x)));
}

}  // namespace qkvbench::kernels

#endif

#if defined(__AVX512BW__) && defined(__linux__) && !defined(QKVBENCH_DOUBLE)
#define QKVBENCH_BF16_TILES

namespace qkvbench::kernels {

/// Tiles of AMX by their numbers; rows of a tile in memory are row_bytes apart.
template <int Tile>
inline void tile_zero() {
  asm volatile("tilezero %%tmm%c0" : : "i"(Tile));
}
template <int Tile>
inline void tile_load(const void* rows, std::int64_t row_bytes) {
  asm volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "i"(Tile), "r"(rows), "r"(row_bytes) : "memory");
}
template <int Tile>
inline void tile_store(void* rows, std::int64_t row_bytes) {
  asm volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "i"(Tile), "r"(rows), "r"(row_bytes) : "memory");
}
/// Sums += A·B, in the order that bf16.hpp defines (TDPBF16PS).
template <int Sums, int A, int B>
inline void tile_multiply() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sums), "i"(A), "i"(B));
}
/// The shapes of all tiles, from 64 bytes that the processor's manual lays out; and the end of their use.
inline void tile_begin(const void* shapes) { asm volatile("ldtilecfg (%0)" : : "r"(shapes) : "memory"); }
inline void tile_end() { asm volatile("tilerelease"); }

}  // namespace qkvbench::kernels

#endif
