// Layer normalisation: two passes over a row that stays in the first-level cache.
// Statistics are in real; the mean is subtracted before squaring.
#include "qkvbench/kernels/norm.hpp"

#include <cmath>

#include "qkvbench/kernels/rows.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

using simd::kLanes;
using simd::Vec;

namespace {

/// Σ_c f(vector of columns c …), f giving zeros in the lanes behind the last column.
template <class F>
real sum_columns(index_t C, F&& f) {
  Vec total{};
  for (index_t c = 0; c < C; c += kLanes) total += f(c, std::min<index_t>(kLanes, C - c));
  return simd::sum(total);
}

/// x - mean in the n lanes that exist, zero behind them.
Vec centred(const real* x, index_t n, real mean) { return simd::keep_first(simd::load_part(x, n) - mean, n); }

}  // namespace

void layer_norm_forward(index_t R, index_t C, const real* x, const real* weight, const real* bias, real* y, real* mean,
                        real* rstd) {
  for_row_blocks(R, C, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) {
      const real* xr = x + r * C;
      const real m =
          sum_columns(C, [&](index_t c, index_t n) { return simd::load_part(xr + c, n); }) / static_cast<real>(C);
      const real variance = sum_columns(C,
                                        [&](index_t c, index_t n) {
                                          const Vec d = centred(xr + c, n, m);
                                          return d * d;
                                        }) /
                            static_cast<real>(C);
      const real s = 1 / std::sqrt(variance + kLayerNormEps);
      for (index_t c = 0; c < C; c += kLanes) {
        const index_t n = std::min<index_t>(kLanes, C - c);
        const Vec normal = centred(xr + c, n, m) * s;
        simd::store_part(y + r * C + c, normal * simd::load_part(weight + c, n) + simd::load_part(bias + c, n), n);
      }
      mean[r] = m;
      rstd[r] = s;
    }
  });
}

namespace {

/// dx of one row; also adds the row to dweight and dbias.
void backward_row(index_t C, const real* dy, const real* x, const real* weight, real mean, real rstd, real* dx,
                  bool accumulate, real* dweight, real* dbias) {
  Vec sum_g{}, sum_gx{};
  for (index_t c = 0; c < C; c += kLanes) {
    const index_t n = std::min<index_t>(kLanes, C - c);
    const Vec normal = centred(x + c, n, mean) * rstd, d = simd::load_part(dy + c, n);
    const Vec g = d * simd::load_part(weight + c, n);
    sum_g += g;
    sum_gx += g * normal;
    simd::store_part(dweight + c, simd::load_part(dweight + c, n) + d * normal, n);
    simd::store_part(dbias + c, simd::load_part(dbias + c, n) + d, n);
  }
  const real mean_g = simd::sum(sum_g) / static_cast<real>(C), mean_gx = simd::sum(sum_gx) / static_cast<real>(C);
  for (index_t c = 0; c < C; c += kLanes) {
    const index_t n = std::min<index_t>(kLanes, C - c);
    const Vec normal = centred(x + c, n, mean) * rstd;
    const Vec g = simd::load_part(dy + c, n) * simd::load_part(weight + c, n);
    Vec d = (g - mean_g - normal * mean_gx) * rstd;
    if (accumulate) d += simd::load_part(dx + c, n);
    simd::store_part(dx + c, d, n);
  }
}

}  // namespace

void layer_norm_backward(index_t R, index_t C, const real* dy, const real* x, const real* weight, const real* mean,
                         const real* rstd, real* dx, bool accumulate, real* dweight, real* dbias) {
  Scratch scratch;
  real* sums = scratch.take(2 * C);  // dweight, then dbias
  std::fill_n(sums, 2 * C, real{0});
  sum_over_rows(R, 2 * C, sums, [=](index_t begin, index_t end, real* partial) {
    for (index_t r = begin; r < end; ++r)
      backward_row(C, dy + r * C, x + r * C, weight, mean[r], rstd[r], dx + r * C, accumulate, partial, partial + C);
  });
  for (index_t c = 0; c < C; ++c) {
    dweight[c] += sums[c];
    dbias[c] += sums[C + c];
  }
}

}  // namespace qkvbench::kernels
