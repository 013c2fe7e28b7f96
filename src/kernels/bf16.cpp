// The choice of the route, by trying the instruction.
// What either route does with numbers is in bf16.hpp.
#include "qkvbench/kernels/bf16.hpp"

#include "qkvbench/kernels/matmul.hpp"

namespace qkvbench::kernels {

namespace {

#if defined(__AVX512BF16__) && !defined(QKVBENCH_DOUBLE)

/// Bits without a pattern: every number of bf16 turns up, with exponents near enough that sums round.
struct Bits {
  std::uint64_t state = 1;
  std::uint32_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 32);
  }
  /// `spread` exponents, the least of them `least`.
  std::uint32_t number(std::uint32_t least, std::uint32_t spread) {
    const std::uint32_t x = next();
    return (x & 0x807f0000u) | ((least + next() % spread) << 23);
  }
};

/// Whether the instruction has the bits of spelled-out sums, with the halves of cells exchanged or not.
bool agrees(bool exchanged) {
  const FlushSubnormals flush(true);
  Bits bits;
  for (int round = 0; round < 4096; ++round) {
    // Numbers near each other, then around the least one that is no subnormal, then of any size but infinite.
    const std::uint32_t least = round % 4 == 3 ? 0 : round % 4 == 2 ? 60 : 120, spread = round % 4 == 3 ? 254 : 12;
    Words sum, a, b;
    for (int lane = 0; lane < simd::kLanes; ++lane) {
      sum[lane] = bits.number(round % 4 == 2 ? 0 : least, spread) | (bits.next() & 0xffff);
      a[lane] = bits.number(least, spread) | bits.number(least, spread) >> 16;
      b[lane] = bits.number(least, spread) | bits.number(least, spread) >> 16;
    }
    const auto turned = [&](Words w) { return std::bit_cast<simd::Vec>(exchanged ? (w >> 16) | (w << 16) : w); };
    const auto found = std::bit_cast<Words>(add_pairs(std::bit_cast<simd::Vec>(sum), turned(a), turned(b)));
    const auto wanted =
        add_pairs_spelled_out(std::bit_cast<simd::Vec>(sum), std::bit_cast<simd::Vec>(a), std::bit_cast<simd::Vec>(b));
    const auto wanted_bits = std::bit_cast<Words>(wanted);
    for (int lane = 0; lane < simd::kLanes; ++lane)
      if (found[lane] != wanted_bits[lane] && wanted[lane] == wanted[lane]) return false;
  }
  return true;
}

constexpr bool kHasInstruction = true;

Bf16Route best_route() {
  if (agrees(false)) return Bf16Route::kPairsHighFirst;
  return agrees(true) ? Bf16Route::kPairsLowFirst : Bf16Route::kRounded;
}

#else

constexpr bool kHasInstruction = false;

Bf16Route best_route() { return Bf16Route::kRounded; }

#endif

Bf16Route& route() {
  static Bf16Route route = best_route();
  return route;
}

}  // namespace

Bf16Route bf16_route() { return route(); }

void set_bf16_route([[maybe_unused]] Bf16Route wanted) {
#ifndef QKVBENCH_DOUBLE
  route() = wanted;
#endif
}

bool bf16_by_instruction() { return kHasInstruction && route() != Bf16Route::kRounded; }

}  // namespace qkvbench::kernels
