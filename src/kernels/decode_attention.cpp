// One query a head against a strip of keys: dot products and weighted sums, bound by memory, so no matrix product.
// The query heads that share a key/value head are one piece of work: it comes from memory once for all of them.
#include "qkvbench/kernels/decode_attention.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/attention.hpp"
#include "qkvbench/kernels/narrow.hpp"

namespace qkvbench::kernels {

using simd::kLanes;
using simd::Vec;

namespace {

constexpr index_t kPiece = 256;  // positions

/// What a piece of positions contributes to one head: Σ e^(S - largest) · v, the sum of the weights, and the largest S.
struct Partial {
  real* sum;  // [D]
  real weight, largest;
};

void add_scaled(index_t n, real scale, const real* x, real* y) {
  for (index_t i = 0; i < n; ++i) y[i] += scale * x[i];
}

/// out[d] = Σ_j weights[j]·v[j, d] for W vectors of columns, of which the last has `lanes`, from column d on. They are
/// of one scale where rows have scales. v: n rows, `stride` bytes apart.
template <class Row, int W>
void weighted_columns(index_t n, index_t lanes, const real* weights, const std::byte* v, index_t stride, index_t d,
                      real* out) {
  Vec sums[W] = {};
  for (index_t j = 0; j < n; ++j, v += stride) {
    const auto* x = Row::at(v, d);
    real weight = weights[j];
    if constexpr (Row::kScaled) weight *= Row::scale(v, d);
    for (int w = 0; w + 1 < W; ++w) sums[w] += Row::load(x + w * kLanes) * weight;
    sums[W - 1] +=
        (lanes == kLanes ? Row::load(x + (W - 1) * kLanes) : Row::load_part(x + (W - 1) * kLanes, lanes)) * weight;
  }
  for (int w = 0; w + 1 < W; ++w) simd::store(out + w * kLanes, sums[w]);
  simd::store_part(out + (W - 1) * kLanes, sums[W - 1], lanes);
}

/// out[d] = Σ_j weights[j]·v[j, d], sums in registers.   v: n rows of D; out: [D], written.
template <class Row>
void weighted_sum(index_t n, index_t D, const real* weights, const std::byte* v, index_t stride, real* out) {
  constexpr index_t kWide = 4 * kLanes;
  static_assert(kInt8Block % kWide == 0);
  index_t d = 0;
  for (; d + kWide <= D; d += kWide) weighted_columns<Row, 4>(n, kLanes, weights, v, stride, d, out + d);
  for (; d < D; d += kLanes)
    weighted_columns<Row, 1>(n, std::min<index_t>(kLanes, D - d), weights, v, stride, d, out + d);
}

/// One row and key/value head of the cache: rows of positions, each tensor's so many bytes apart.
struct Strip {
  const std::byte *k, *k_shared, *v;
  index_t k_stride, shared_stride, v_stride;
};

/// Positions [begin, end) of a strip for `heads` queries that read it.   q: [heads, D + shared].
template <class Row>
void attend(const CachedAttentionSize& s, index_t begin, index_t end, index_t heads, const real* q, const Strip& strip,
            real scale, const real* terms, index_t position, Partial* out) {
  Scratch scratch;
  const index_t n = end - begin, padded = (n + kLanes - 1) / kLanes * kLanes, width = s.D + s.shared;
  real* scores = scratch.take(heads * padded);
  for (index_t j = 0; j < n; ++j)
    for (index_t h = 0; h < heads; ++h) {
      real x = dot<Row, 1>(s.D, q + h * width, strip.k + (begin + j) * strip.k_stride);
      if (s.shared > 0)
        x += dot<Row, 1>(s.shared, q + h * width + s.D, strip.k_shared + (begin + j) * strip.shared_stride);
      x *= scale;
      if (terms) x += terms[1 + position] + terms[1 + s.capacity + begin + j];
      if (terms && s.relative) x += terms[1 + 2 * s.capacity + (s.capacity - 1) + (begin + j) - position];
      scores[h * padded + j] = x;
    }
  for (index_t h = 0; h < heads; ++h) {
    real* row = scores + h * padded;
    out[h].largest = *std::max_element(row, row + n);
    Vec total{};
    for (index_t j = 0; j < n; j += kLanes) {
      const index_t part = std::min<index_t>(kLanes, n - j);
      const Vec e = simd::keep_first(simd::exp(simd::load_part(row + j, part) - out[h].largest), part);
      simd::store(row + j, e);
      total += e;
    }
    out[h].weight = simd::sum(total);
    weighted_sum<Row>(n, s.F, row, strip.v + begin * strip.v_stride, strip.v_stride, out[h].sum);
  }
}

/// o = Σ pieces, each brought to the largest score of all.
void combine(index_t pieces, index_t D, const Partial* partial, index_t step, real* o) {
  real largest = partial[0].largest, weight = 0;
  for (index_t p = 1; p < pieces; ++p) largest = std::max(largest, partial[p * step].largest);
  std::fill_n(o, D, real{0});
  for (index_t p = 0; p < pieces; ++p) {
    const real factor = std::exp(partial[p * step].largest - largest);
    weight += factor * partial[p * step].weight;
    add_scaled(D, factor, partial[p * step].sum, o);
  }
  for (index_t d = 0; d < D; ++d) o[d] /= weight;
}

}  // namespace

CachedAttentionSize CachedAttentionSize::plain(index_t B, index_t capacity, index_t H, index_t G, index_t D) {
  return {B, capacity, H, G, D, D, D, 0, default_scale(D), false};
}

void decode_attention(const CachedAttentionSize& s, const real* q, const CachedArrays& cached, const index_t* lengths,
                      const real* terms, real* o) {
  const index_t group = s.H / s.G, longest = *std::max_element(lengths, lengths + s.B);
  const index_t pieces = (longest + kPiece - 1) / kPiece, width = s.D + s.shared;
  const real scale = s.scale * (terms ? terms[0] : 1);
  const Strip all{cached.k,
                  cached.k_shared,
                  cached.v,
                  row_bytes(cached.format, s.key_width),
                  row_bytes(cached.format, s.shared),
                  row_bytes(cached.format, s.F)};
  Scratch scratch;
  real* sums = scratch.take(s.B * s.G * pieces * group * s.F);
  Partial* partial = scratch.take<Partial>(s.B * s.G * pieces * group);
  with_row(cached.format, [&]<class Row>(Row) {
    parallel_for(s.B * s.G * pieces, [&](index_t unit) {
      const index_t piece = unit % pieces, g = unit / pieces % s.G, b = unit / pieces / s.G;
      const index_t begin = piece * kPiece, end = std::min(lengths[b], begin + kPiece);
      if (begin >= end) return;  // a shorter row than the longest
      for (index_t h = 0; h < group; ++h) partial[unit * group + h].sum = sums + (unit * group + h) * s.F;
      const index_t head = (b * s.G + g) * s.capacity;
      Strip strip = all;
      strip.k += head * all.k_stride;
      strip.v += head * all.v_stride;
      if (s.shared > 0) strip.k_shared += b * s.capacity * all.shared_stride;
      attend<Row>(s, begin, end, group, q + (b * s.H + g * group) * width, strip, scale, terms, lengths[b] - 1,
                  partial + unit * group);
    });
  });
  for (index_t b = 0; b < s.B; ++b)
    for (index_t h = 0; h < s.H; ++h)
      combine((lengths[b] + kPiece - 1) / kPiece, s.F, partial + (b * s.G + h / group) * pieces * group + h % group,
              group, o + (b * s.H + h) * s.F);
}

}  // namespace qkvbench::kernels
