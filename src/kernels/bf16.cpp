// The choice of the route, by trying each that this build has.
// What all routes do with numbers is in bf16.hpp.
#include "qkvbench/kernels/bf16.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "qkvbench/base/system.hpp"
#include "qkvbench/kernels/bf16_kernel.hpp"
#include "qkvbench/kernels/matmul_bf16.hpp"

namespace qkvbench::kernels {

namespace {

/// Numbers without a pattern, with exponents near enough that sums round.
struct Numbers {
  std::uint64_t state = 1;
  std::uint32_t next() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 32);
  }
  /// Near each other, around the least that is no subnormal, or of any size but infinite.
  void fill(int kind, std::span<real> out) {
    const std::uint32_t least = kind == 2 ? 0 : kind == 1 ? 60 : 120, spread = kind == 2 ? 255 : 12;
    for (real& x : out)
      x = static_cast<real>(std::bit_cast<float>((next() & 0x807fffffu) | ((least + next() % spread) << 23)));
  }
};

/// A product of which each route makes whole tiles and some that are not whole.
struct Trial {
  static constexpr index_t M = 40, N = 40, K = 200;
  std::array<real, M * K> a;
  std::array<real, K * N> b;
  std::array<real, M * N> c;

  void multiply(Bf16Route route) {
    matmul_bf16_serial(route, M, N, K, MatrixView{a.data(), K}, MatrixView{b.data(), N}, c.data(), N, {});
  }
  double seconds(Bf16Route route) {
    double best = std::numeric_limits<double>::infinity();
    for (int round = 0; round < 10; ++round) {
      const double begin = seconds_now();
      multiply(route);
      best = std::min(best, seconds_now() - begin);
    }
    return best;
  }
};

bool same_bits(std::span<const real> x, std::span<const real> y) {
  return std::equal(x.begin(), x.end(), y.begin(),
                    [](real l, real r) { return std::memcmp(&l, &r, sizeof(real)) == 0 || (l != l && r != r); });
}

}  // namespace

bool agrees_with_rounded(Bf16Route route) {
  Trial trial;
  Numbers numbers;
  for (int kind = 0; kind < 3; ++kind) {
    numbers.fill(kind, trial.a);
    numbers.fill(kind, trial.b);
    trial.multiply(Bf16Route::kRounded);
    const auto wanted = trial.c;
    trial.multiply(route);
    if (!same_bits(trial.c, wanted)) return false;
  }
  return true;
}

namespace {

Bf16Route fastest_route() {
  Trial trial;
  Numbers numbers;
  numbers.fill(0, trial.a);
  numbers.fill(0, trial.b);
  Bf16Route fastest = Bf16Route::kRounded;
  double least_s = trial.seconds(fastest);
  for (const Bf16Route route : {Bf16Route::kPairsHighFirst, Bf16Route::kPairsLowFirst, Bf16Route::kTiles})
    if (has_instruction(route) && agrees_with_rounded(route))
      if (const double s = trial.seconds(route); s < least_s) least_s = s, fastest = route;
  return fastest;
}

Bf16Route& route() {
  static Bf16Route route = fastest_route();
  return route;
}

}  // namespace

Bf16Route bf16_route() { return route(); }

void set_bf16_route([[maybe_unused]] Bf16Route wanted) {
#ifndef QKVBENCH_DOUBLE
  route() = wanted;
#endif
}

bool bf16_by_instruction() { return route() != Bf16Route::kRounded; }

const char* bf16_route_text() {
  switch (route()) {
    case Bf16Route::kTiles: return "by tiles of AMX";
    case Bf16Route::kRounded: return "by fused multiply-adds of fp32: nothing here multiplies bf16 faster";
    default: return "by pairs of AVX-512 BF16";
  }
}

}  // namespace qkvbench::kernels
