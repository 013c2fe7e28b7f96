// The positional term, kept as what it is: a scale, a term for the row, one for the column, or one for the distance.
// The [T, T, m] array of the formula is never built.
#include <cmath>

#include "qkvbench/kernels/attention.hpp"

namespace qkvbench::kernels {

namespace {
double encoding(index_t position, index_t n, index_t k) {
  const double angle =
      static_cast<double>(position) * std::pow(10000.0, -2.0 * static_cast<double>(k / 2) / static_cast<double>(n));
  return k % 2 == 0 ? std::sin(angle) : std::cos(angle);
}
}  // namespace

void position_table(index_t T, index_t m, real* table) {
  const index_t first = m / 2;
  for (index_t p = 0; p < T; ++p)
    for (index_t c = 0; c < m; ++c)
      table[p * m + c] = static_cast<real>(c < first ? encoding(p, first, c) : encoding(p, m - first, c - first));
}

void distance_table(index_t T, index_t m, real* table) {
  for (index_t p = 0; p < T; ++p)
    for (index_t c = 0; c < m; ++c) table[p * m + c] = static_cast<real>(encoding(p, m, c));
}

namespace {

/// Which numbers of w a form reads: of σ all or none, of the table a range.
struct Reads {
  bool sigma, row, column, shift;
};
Reads reads(PlusForm form) {
  switch (form) {
    case PlusForm::k2d: return {true, true, true, false};
    case PlusForm::kColumn: return {false, false, true, false};
    case PlusForm::kTemperature: return {true, false, false, false};
    case PlusForm::kRelative: return {false, false, false, true};
  }
  return {};
}

/// pe(-d) of pe(d): sines, which stand at even places, change their sign.
real mirrored(index_t c) { return c % 2 == 0 ? real{-1} : real{1}; }

}  // namespace

void position_bias_forward(PlusForm form, index_t T, index_t m, const real* table, const real* w, const real* b,
                           real* terms) {
  const Reads read = reads(form);
  const index_t first = m / 2;
  real scale = 0;
  for (index_t c = 0; c < m; ++c) scale += w[c];
  terms[0] = read.sigma ? scale : 1;
  for (index_t p = 0; p < T; ++p) {
    real row = *b, column = 0;
    for (index_t c = 0; c < m; ++c)
      if (c < first ? read.row : read.column) (c < first ? row : column) += table[p * m + c] * w[c];
    terms[1 + p] = row;
    terms[1 + T + p] = column;
  }
  if (!read.shift) return;
  real* middle = terms + 1 + 2 * T + (T - 1);
  for (index_t d = 0; d < T; ++d) {
    real behind = 0, ahead = 0;  // j = i - d and j = i + d
    for (index_t c = 0; c < m; ++c) {
      const real x = table[d * m + c] * w[c];
      behind += x;
      ahead += mirrored(c) * x;
    }
    middle[d] = ahead;
    middle[-d] = behind;
  }
}

void position_bias_backward(PlusForm form, index_t T, index_t m, const real* table, const real* dterms, real* dw,
                            real* db) {
  const Reads read = reads(form);
  const index_t first = m / 2;
  const real *drow = dterms + 1, *dcolumn = dterms + 1 + T, *middle = dterms + 1 + 2 * T + (T - 1);
  for (index_t c = 0; c < m; ++c) {
    real total = read.sigma ? dterms[0] : 0;
    if (c < first ? read.row : read.column)
      for (index_t p = 0; p < T; ++p) total += table[p * m + c] * (c < first ? drow[p] : dcolumn[p]);
    if (read.shift) {
      total += table[c] * middle[0];
      for (index_t d = 1; d < T; ++d) total += table[d * m + c] * (middle[-d] + mirrored(c) * middle[d]);
    }
    dw[c] += total;
  }
  for (index_t p = 0; p < T; ++p) *db += drow[p];
}

}  // namespace qkvbench::kernels
