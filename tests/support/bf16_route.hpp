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

/// Routes that can be tried here, of which what the processor lacks is spelled out. Of the two kinds of pairs there are
/// those with the right order of sums: an instruction, and what is spelled out, has one of them.
inline std::vector<kernels::Bf16Route> bf16_routes() {
  using kernels::Bf16Route;
  std::vector<Bf16Route> routes{Bf16Route::kRounded, Bf16Route::kTiles};
  for (const Bf16Route route : {Bf16Route::kPairsHighFirst, Bf16Route::kPairsLowFirst})
    if (kernels::agrees_with_rounded(route)) routes.push_back(route);
  return routes;
}

}  // namespace qkvbench::testing
