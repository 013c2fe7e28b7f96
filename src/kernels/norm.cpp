// Normalisation: passes over a row that stays in the first-level cache.
// Statistics are in real; LayerNorm subtracts the mean before squaring.
#include "qkvbench/kernels/norm.hpp"

#include <cmath>

#include "qkvbench/kernels/bf16.hpp"
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

namespace {

template <class Put>
void layer_norm_rows(index_t R, index_t C, real eps, const real* x, const real* weight, const real* bias, Put put,
                     real* mean, real* rstd) {
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
      const real s = 1 / std::sqrt(variance + eps);
      for (index_t c = 0; c < C; c += kLanes) {
        const index_t n = std::min<index_t>(kLanes, C - c);
        const Vec normal = centred(xr + c, n, m) * s;
        const Vec shift = bias ? simd::load_part(bias + c, n) : Vec{};
        put(r * C + c, normal * simd::load_part(weight + c, n) + shift, n);
      }
      mean[r] = m;
      rstd[r] = s;
    }
  });
}

}  // namespace

void layer_norm_forward(index_t R, index_t C, real eps, const real* x, const real* weight, const real* bias,
                        NumberStore y, real* mean, real* rstd) {
  with_store(y, [=](auto put) { layer_norm_rows(R, C, eps, x, weight, bias, put, mean, rstd); });
}

namespace {

/// dx of one row; also adds the row to dweight and, where it is not null, dbias.
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
    if (dbias) simd::store_part(dbias + c, simd::load_part(dbias + c, n) + d, n);
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
  const index_t width = dbias ? 2 * C : C;
  real* sums = scratch.take(width);  // dweight, then dbias
  std::fill_n(sums, width, real{0});
  sum_over_rows(R, width, sums, [=](index_t begin, index_t end, real* partial) {
    for (index_t r = begin; r < end; ++r)
      backward_row(C, dy + r * C, x + r * C, weight, mean[r], rstd[r], dx + r * C, accumulate, partial,
                   dbias ? partial + C : nullptr);
  });
  for (index_t c = 0; c < C; ++c) dweight[c] += sums[c];
  if (dbias)
    for (index_t c = 0; c < C; ++c) dbias[c] += sums[C + c];
}

namespace {

/// w · v, or v where there are no weights.
Vec weighted(Vec v, const real* weight, index_t c, index_t n) {
  return weight ? v * simd::load_part(weight + c, n) : v;
}

/// dx of one row; also adds the row to dweight, where there is one.
void rms_backward_row(index_t C, const real* dy, const real* x, const real* weight, real rstd, real* dx,
                      bool accumulate, real* dweight) {
  Vec sum_gx{};
  for (index_t c = 0; c < C; c += kLanes) {
    const index_t n = std::min<index_t>(kLanes, C - c);
    const Vec normal = simd::load_part(x + c, n) * rstd, d = simd::load_part(dy + c, n);
    sum_gx += weighted(d, weight, c, n) * normal;
    if (dweight) simd::store_part(dweight + c, simd::load_part(dweight + c, n) + d * normal, n);
  }
  const real mean_gx = simd::sum(sum_gx) / static_cast<real>(C);
  for (index_t c = 0; c < C; c += kLanes) {
    const index_t n = std::min<index_t>(kLanes, C - c);
    const Vec normal = simd::load_part(x + c, n) * rstd;
    Vec d = (weighted(simd::load_part(dy + c, n), weight, c, n) - normal * mean_gx) * rstd;
    if (accumulate) d += simd::load_part(dx + c, n);
    simd::store_part(dx + c, d, n);
  }
}

template <class Put>
void rms_norm_rows(index_t R, index_t C, index_t groups, real eps, const real* x, const real* weight, Put put,
                   real* rstd) {
  for_row_blocks(R, C, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) {
      const real* xr = x + r * C;
      const real* w = weight ? weight + r % groups * C : nullptr;
      const real squares = sum_columns(C, [&](index_t c, index_t n) {
        const Vec v = simd::load_part(xr + c, n);
        return v * v;
      });
      const real s = 1 / std::sqrt(squares / static_cast<real>(C) + eps);
      for (index_t c = 0; c < C; c += kLanes) {
        const index_t n = std::min<index_t>(kLanes, C - c);
        put(r * C + c, weighted(simd::load_part(xr + c, n) * s, w, c, n), n);
      }
      rstd[r] = s;
    }
  });
}

}  // namespace

void rms_norm_forward(index_t R, index_t C, index_t groups, real eps, const real* x, const real* weight, NumberStore y,
                      real* rstd) {
  with_store(y, [=](auto put) { rms_norm_rows(R, C, groups, eps, x, weight, put, rstd); });
}

void rms_norm_backward(index_t R, index_t C, index_t groups, const real* dy, const real* x, const real* weight,
                       const real* rstd, real* dx, bool accumulate, real* dweight) {
  const auto rows = [=](index_t begin, index_t end, real* sums) {
    for (index_t r = begin; r < end; ++r) {
      const index_t at = r % groups * C;
      rms_backward_row(C, dy + r * C, x + r * C, weight ? weight + at : nullptr, rstd[r], dx + r * C, accumulate,
                       sums ? sums + at : nullptr);
    }
  };
  if (!dweight) return for_row_blocks(R, C, [=](index_t begin, index_t end) { rows(begin, end, nullptr); });
  sum_over_rows(R, groups * C, dweight, rows);
}

}  // namespace qkvbench::kernels
