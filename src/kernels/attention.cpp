// Attention over tiles of query rows: products by matmul_serial, the softmax between them in vector registers.
// One unit of work is one head of one example, forward and backward; units never share what they write.
#include "qkvbench/kernels/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

using simd::kLanes;
using simd::Vec;

namespace {

constexpr real kMinusInfinity = -std::numeric_limits<real>::infinity();

index_t padded(index_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

/// Query rows in a tile: fewer for long rows, so that two tiles stay in the second-level cache, and fewer under a
/// causal mask, since a tile is computed up to the last column that one of its rows sees.
index_t tile_rows(const AttentionSize& s) { return std::clamp<index_t>(32768 / s.T, 16, s.causal ? 48 : 128); }

/// The [T, D] slice of example b and head h in an array [B, T, heads, D].
template <class Real>
struct Head {
  Real* data;
  index_t stride;  // from one position to the next
  Head(Real* array, index_t b, index_t T, index_t heads, index_t h, index_t D)
      : data(array + (b * T * heads + h) * D), stride(heads * D) {}
  Real* row(index_t t) const { return data + t * stride; }
  MatrixView from(index_t t) const { return {row(t), stride}; }
};

/// The additive term of one head, padded so that whole vectors can be read.
struct Terms {
  real alpha, scale;  // α and σ·α
  const real* row;    // null when there is no term
  const real* column;
  const real* shift;  // [2T - 1] padded, null when there is none
  index_t T;
};

Terms make_terms(const AttentionSize& s, const real* terms, Scratch& scratch) {
  const real alpha = s.scale;
  if (!terms) return {alpha, alpha, nullptr, nullptr, nullptr, s.T};
  real* column = scratch.take(padded(s.T));
  std::fill_n(std::copy_n(terms + 1 + s.T, s.T, column), padded(s.T) - s.T, real{0});
  real* shift = nullptr;
  if (s.relative) {
    shift = scratch.take(2 * s.T - 1 + kLanes);
    std::fill_n(std::copy_n(terms + 1 + 2 * s.T, 2 * s.T - 1, shift), kLanes, real{0});
  }
  return {alpha, alpha * terms[0], terms + 1, column, shift, s.T};
}

/// x = scale·s + row + column + shift in one vector of a row of scores.
Vec score(const Terms& t, const real* s, index_t i, index_t j) {
  const Vec x = simd::load(s + j) * t.scale;
  if (!t.row) return x;
  const Vec y = x + (simd::load(t.column + j) + t.row[i]);
  return t.shift ? y + simd::load(t.shift + (t.T - 1 - i) + j) : y;
}

/// Columns that row i of a tile of n sees; the others have weight 0.
index_t seen(index_t i, index_t n, bool causal) { return causal ? std::min(i + 1, n) : n; }

/// s, raw products in [0..end), becomes exp(score - max) there and 0 from end to `width`; returns the sum and max.
/// With a negative scale masked pairs would turn to +infinity, so the mask is applied to the scores, not the products.
struct RowSum {
  real max, sum;
};
RowSum softmax_row(real* s, const Terms& t, index_t i, index_t end, index_t width) {
  const Vec out = simd::broadcast(kMinusInfinity);
  Vec top = out;
  for (index_t j = 0; j < end; j += kLanes) {
    const Vec x = simd::keep_first(score(t, s, i, j), end - j, out);
    simd::store(s + j, x);
    top = simd::max(top, x);
  }
  const real max = simd::max_lane(top);
  Vec total{};
  for (index_t j = 0; j < end; j += kLanes) {
    const Vec p = simd::exp(simd::load(s + j) - max);
    simd::store(s + j, p);
    total += p;
  }
  for (index_t j = padded(end); j < width; j += kLanes) simd::store(s + j, Vec{});
  return {max, simd::sum(total)};
}

/// What the gradients of a score term grow by, over one head.
struct TermGradients {
  real *scale, *row, *column;  // null when there is no term
  real* shift;                 // null when it goes by no distance
};

/// s becomes P = exp(score - lse) and dp becomes dS = P∘(dP - delta); adds to the term's gradients where there is one.
void backward_row(real* s, real* dp, const Terms& t, index_t i, index_t end, index_t width, real lse, real delta,
                  const TermGradients& d) {
  Vec row_total{}, scale_total{};
  for (index_t j = 0; j < end; j += kLanes) {
    const Vec raw = simd::load(s + j);
    const Vec p = simd::keep_first(simd::exp(score(t, s, i, j) - lse), end - j);
    const Vec ds = p * (simd::load(dp + j) - delta);
    if (d.scale) {
      row_total += ds;
      scale_total += ds * raw;
      const index_t lanes = std::min<index_t>(kLanes, end - j);
      simd::store_part(d.column + j, simd::load_part(d.column + j, lanes) + ds, lanes);
      if (d.shift) {
        real* at = d.shift + (t.T - 1 - i) + j;
        simd::store_part(at, simd::load_part(at, lanes) + ds, lanes);
      }
    }
    simd::store(s + j, p);
    simd::store(dp + j, ds * t.scale);
  }
  for (index_t j = padded(end); j < width; j += kLanes) {
    simd::store(s + j, Vec{});
    simd::store(dp + j, Vec{});
  }
  if (!d.scale) return;
  *d.scale += simd::sum(scale_total) * t.alpha;
  d.row[i] += simd::sum(row_total);
}

/// x *= scale over D numbers.
void scale_row(index_t D, real scale, real* x) {
  for (index_t d = 0; d < D; d += kLanes) {
    const index_t n = std::min<index_t>(kLanes, D - d);
    simd::store_part(x + d, simd::load_part(x + d, n) * scale, n);
  }
}

/// Calls f(first row, rows, columns) for each tile of query rows; a causal tile needs no columns behind its last row.
template <class F>
void for_tiles(const AttentionSize& s, F&& f) {
  const index_t rows = tile_rows(s);
  for (index_t i = 0; i < s.T; i += rows) {
    const index_t n = std::min(rows, s.T - i);
    f(i, n, s.causal ? i + n : s.T);
  }
}

void forward_head(const AttentionSize& s, Head<const real> q, Head<const real> k, Head<const real> v,
                  const real* terms_or_null, Head<real> o, real* lse) {
  Scratch scratch;
  const Terms terms = make_terms(s, terms_or_null, scratch);
  const index_t stride = padded(s.T), rows_of_tile = std::min(tile_rows(s), s.T);
  real* tile = scratch.take(rows_of_tile * stride);
  real* inverse = scratch.take(rows_of_tile);
  for_tiles(s, [&](index_t first, index_t rows, index_t n) {
    matmul_serial(rows, n, s.D, q.from(first), k.from(0).transposed(), tile, stride, {}, s.operands);
    for (index_t r = 0; r < rows; ++r) {
      const RowSum row = softmax_row(tile + r * stride, terms, first + r, seen(first + r, n, s.causal), padded(n));
      lse[first + r] = row.max + std::log(row.sum);
      inverse[r] = 1 / row.sum;
    }
    matmul_serial(rows, s.F, n, {tile, stride}, v.from(0), o.row(first), o.stride, {}, s.operands);
    for (index_t r = 0; r < rows; ++r) scale_row(s.F, inverse[r], o.row(first + r));
  });
}

void backward_head(const AttentionSize& s, Head<const real> d_o, Head<const real> q, Head<const real> k,
                   Head<const real> v, const real* terms_or_null, Head<const real> o, const real* lse, Head<real> dq,
                   Head<real> dk, Head<real> dv, real* dterms) {
  Scratch scratch;
  const Terms terms = make_terms(s, terms_or_null, scratch);
  const index_t stride = padded(s.T), size = std::min(tile_rows(s), s.T) * stride;
  real* tile = scratch.take(size);
  real* dtile = scratch.take(size);
  if (dterms) {  // sums over whole vectors read the padding
    std::fill_n(tile, size, real{0});
    std::fill_n(dtile, size, real{0});
  }
  const TermGradients d{dterms, dterms ? dterms + 1 : nullptr, dterms ? dterms + 1 + s.T : nullptr,
                        dterms && s.relative ? dterms + 1 + 2 * s.T : nullptr};
  const Epilogue add{.accumulate = true};
  for_tiles(s, [&](index_t first, index_t rows, index_t n) {
    matmul_serial(rows, n, s.D, q.from(first), k.from(0).transposed(), tile, stride, {}, s.operands);
    matmul_serial(rows, n, s.F, d_o.from(first), v.from(0).transposed(), dtile, stride, {}, s.operands);
    for (index_t r = 0; r < rows; ++r) {
      const index_t i = first + r;
      backward_row(tile + r * stride, dtile + r * stride, terms, i, seen(i, n, s.causal), padded(n), lse[i],
                   simd::dot(s.F, d_o.row(i), o.row(i)), d);
    }
    matmul_serial(n, s.F, rows, MatrixView{tile, stride}.transposed(), d_o.from(first), dv.row(0), dv.stride, add,
                  s.operands);
    matmul_serial(rows, s.D, n, {dtile, stride}, k.from(0), dq.row(first), dq.stride, add, s.operands);
    matmul_serial(n, s.D, rows, MatrixView{dtile, stride}.transposed(), q.from(first), dk.row(0), dk.stride, add,
                  s.operands);
  });
}

}  // namespace

real default_scale(index_t D) { return static_cast<real>(1.0 / std::sqrt(static_cast<double>(D))); }

void attention_forward(const AttentionSize& s, const real* q, const real* k, const real* v, const real* terms, real* o,
                       real* lse) {
  parallel_for(s.B * s.H, [&](index_t unit) {
    const index_t b = unit / s.H, h = unit % s.H, g = h * s.G / s.H;
    forward_head(s, {q, b, s.T, s.H, h, s.D}, {k, b, s.T, s.G, g, s.D}, {v, b, s.T, s.G, g, s.F}, terms,
                 {o, b, s.T, s.H, h, s.F}, lse + unit * s.T);
  });
}

namespace {

/// dk and dv += what each query head has gathered for its key/value head, head after head.
/// own: for each example and query head dk [T, D], then dv [T, F].
void add_shared(const AttentionSize& s, const real* own, real* dk, real* dv) {
  const index_t slice = s.T * (s.D + s.F), group = s.H / s.G;
  parallel_for(s.B * s.G, [&](index_t i) {
    const index_t b = i / s.G, g = i % s.G;
    const Head<real> dkh(dk, b, s.T, s.G, g, s.D), dvh(dv, b, s.T, s.G, g, s.F);
    for (index_t h = g * group; h < (g + 1) * group; ++h) {
      const real* from = own + (b * s.H + h) * slice;
      for (index_t t = 0; t < s.T; ++t) {
        for (index_t d = 0; d < s.D; ++d) dkh.row(t)[d] += from[t * s.D + d];
        for (index_t d = 0; d < s.F; ++d) dvh.row(t)[d] += from[s.T * s.D + t * s.F + d];
      }
    }
  });
}

}  // namespace

void attention_backward(const AttentionSize& s, const real* do_, const real* q, const real* k, const real* v,
                        const real* terms, const real* o, const real* lse, real* dq, real* dk, real* dv, real* dterms) {
  // Heads that share a key/value head would add to the same rows of dk and dv at once: each gets rows of its own
  // first, which are then added in the order of the heads.
  const bool shared = s.G != s.H;
  const index_t slice = s.T * (s.D + s.F), units = s.B * s.H, n_terms = score_bias_size(s.T, s.relative);
  Scratch scratch;
  real* own = shared ? scratch.take(units * slice) : nullptr;
  real* unit_terms = dterms ? scratch.take(units * n_terms) : nullptr;
  parallel_for(units, [&](index_t unit) {
    const index_t b = unit / s.H, h = unit % s.H, g = h * s.G / s.H;
    Head<real> dkh(dk, b, s.T, s.G, g, s.D), dvh(dv, b, s.T, s.G, g, s.F);
    if (shared) {
      dkh = {own + unit * slice, 0, s.T, 1, 0, s.D};
      dvh = {own + unit * slice + s.T * s.D, 0, s.T, 1, 0, s.F};
      std::fill_n(dkh.data, slice, real{0});
    }
    real* terms_here = unit_terms ? unit_terms + unit * n_terms : nullptr;
    if (terms_here) std::fill_n(terms_here, n_terms, real{0});
    backward_head(s, {do_, b, s.T, s.H, h, s.F}, {q, b, s.T, s.H, h, s.D}, {k, b, s.T, s.G, g, s.D},
                  {v, b, s.T, s.G, g, s.F}, terms, {o, b, s.T, s.H, h, s.F}, lse + unit * s.T,
                  {dq, b, s.T, s.H, h, s.D}, dkh, dvh, terms_here);
  });
  if (shared) add_shared(s, own, dk, dv);
  if (dterms)
    for (index_t unit = 0; unit < units; ++unit)
      for (index_t i = 0; i < n_terms; ++i) dterms[i] += unit_terms[unit * n_terms + i];
}

void attention_scores(const AttentionSize& s, const real* q, const real* k, const real* terms, real* scores) {
  parallel_for(s.B * s.H, [&](index_t unit) {
    const index_t b = unit / s.H, h = unit % s.H, g = h * s.G / s.H;
    real* out = scores + unit * s.T * s.T;
    matmul_serial(s.T, s.T, s.D, Head(q, b, s.T, s.H, h, s.D).from(0),
                  Head(k, b, s.T, s.G, g, s.D).from(0).transposed(), out, s.T, {}, s.operands);
    const real scale = s.scale * (terms ? terms[0] : 1);
    for (index_t i = 0; i < s.T; ++i)
      for (index_t j = 0; j < s.T; ++j) {
        real& x = out[i * s.T + j];
        x *= scale;
        if (terms) x += terms[1 + i] + terms[1 + s.T + j];
        if (terms && s.relative) x += terms[1 + 2 * s.T + (s.T - 1) + j - i];
        if (s.causal && j > i) x = kMinusInfinity;
      }
  });
}

}  // namespace qkvbench::kernels
