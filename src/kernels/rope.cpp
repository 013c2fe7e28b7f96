// Rotations in vector registers where pairs are halves of a head; neighbouring pairs go one by one.
// Angles are computed in double precision: that of a late position has no digits to lose.
#include "qkvbench/kernels/rope.hpp"

#include <cmath>

#include "qkvbench/kernels/rows.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

using simd::kLanes;
using simd::Vec;

void rope_table(index_t first, index_t n, const RopeSize& size, double base, real* table) {
  for (index_t p = 0; p < n; ++p, table += 2 * size.pairs)
    for (index_t j = 0; j < size.pairs; ++j) {
      const double theta = std::pow(base, -2.0 * static_cast<double>(j) / static_cast<double>(size.span));
      const double angle = static_cast<double>(first + p) * theta;
      table[j] = static_cast<real>(std::cos(angle));
      table[size.pairs + j] = static_cast<real>(std::sin(angle));
    }
}

namespace {

void put(real* y, index_t n, Vec v, bool accumulate) {
  simd::store_part(y, accumulate ? simd::load_part(y, n) + v : v, n);
}

void put(real* y, real v, bool accumulate) { *y = accumulate ? *y + v : v; }

/// Channels [begin, end), as they are.
void keep(index_t begin, index_t end, const real* x, real* y, bool accumulate) {
  for (index_t c = begin; c < end; ++c) put(y + c, x[c], accumulate);
}

/// x, y: the `span` channels of one head.
void turn_halves(const RopeSize& s, const real* cos, const real* sin, real sign, const real* x, real* y,
                 bool accumulate) {
  const index_t half = s.span / 2;
  for (index_t j = 0; j < s.pairs; j += kLanes) {
    const index_t n = std::min<index_t>(kLanes, s.pairs - j);
    const Vec a = simd::load_part(x + j, n), b = simd::load_part(x + half + j, n);
    const Vec c = simd::load_part(cos + j, n), t = simd::load_part(sin + j, n) * sign;
    put(y + j, n, a * c - b * t, accumulate);
    put(y + half + j, n, a * t + b * c, accumulate);
  }
  keep(s.pairs, half, x, y, accumulate);
  keep(half + s.pairs, s.span, x, y, accumulate);
}

void turn_neighbours(const RopeSize& s, const real* cos, const real* sin, real sign, const real* x, real* y,
                     bool accumulate) {
  for (index_t j = 0; j < s.pairs; ++j) {
    const real a = x[2 * j], b = x[2 * j + 1], t = sin[j] * sign;
    put(y + 2 * j, a * cos[j] - b * t, accumulate);
    put(y + 2 * j + 1, a * t + b * cos[j], accumulate);
  }
  keep(2 * s.pairs, s.span, x, y, accumulate);
}

}  // namespace

void rope(index_t B, index_t T, index_t heads, const RopeSize& s, const real* table, const index_t* starts,
          int direction, const real* x, real* y, bool accumulate) {
  const auto sign = static_cast<real>(direction);
  for_row_blocks(B * T, heads * s.width, [=](index_t begin, index_t end) {
    for (index_t row = begin; row < end; ++row) {
      const index_t position = (starts ? starts[row / T] : 0) + row % T;
      const real *cos = table + position * 2 * s.pairs, *sin = cos + s.pairs;
      for (index_t h = 0; h < heads; ++h) {
        const index_t at = (row * heads + h) * s.width;
        keep(0, s.offset, x + at, y + at, accumulate);
        (s.interleaved ? turn_neighbours : turn_halves)(s, cos, sin, sign, x + at + s.offset, y + at + s.offset,
                                                        accumulate);
        keep(s.offset + s.span, s.width, x + at, y + at, accumulate);
      }
    }
  });
}

}  // namespace qkvbench::kernels
