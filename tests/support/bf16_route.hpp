// The other route of bf16 products that can be tried here.
#pragma once
#include "qkvbench/kernels/bf16.hpp"

namespace qkvbench::testing {

/// Pairs by this processor's instruction, where the build has it and it gives the bits of sums one by one (else: no
/// pairs); without an instruction, pairs spelled out.
inline kernels::Bf16Route other_bf16_route() {
#ifdef __AVX512BF16__
  return kernels::bf16_route();
#else
  return kernels::Bf16Route::kPairsHighFirst;
#endif
}

/// A route, while one of these lives.
class WithBf16Route {
 public:
  explicit WithBf16Route(kernels::Bf16Route route) : before_(kernels::bf16_route()) { kernels::set_bf16_route(route); }
  ~WithBf16Route() { kernels::set_bf16_route(before_); }
  WithBf16Route(const WithBf16Route&) = delete;
  WithBf16Route& operator=(const WithBf16Route&) = delete;

 private:
  kernels::Bf16Route before_;
};

}  // namespace qkvbench::testing
