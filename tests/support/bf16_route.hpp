// The routes of bf16 products, to set one beside another.
#pragma once
#include <vector>

#include "qkvbench/kernels/bf16_kernel.hpp"

namespace qkvbench::testing {

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

/// Routes that can be tried here: those whose instruction there is, and those that this build spells out. Of the two
/// kinds of pairs a processor's instruction has the bits of one; that one is tried.
inline std::vector<kernels::Bf16Route> bf16_routes() {
  using kernels::Bf16Route;
#ifdef __AVX512BF16__
  std::vector<Bf16Route> routes{Bf16Route::kRounded};
  for (const Bf16Route route : {Bf16Route::kPairsHighFirst, Bf16Route::kPairsLowFirst})
    if (kernels::agrees_with_rounded(route)) routes.push_back(route);
#else
  std::vector<Bf16Route> routes{Bf16Route::kRounded, Bf16Route::kPairsHighFirst};
#endif
#ifdef __AMX_BF16__
  if (!kernels::has_instruction(Bf16Route::kTiles)) return routes;
#endif
  routes.push_back(Bf16Route::kTiles);
  return routes;
}

}  // namespace qkvbench::testing
