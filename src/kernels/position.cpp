// The 2D positional term, kept as what it is: a scale, a term for the row and a term for the column.
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

void position_bias_forward(index_t T, index_t m, const real* table, const real* w, const real* b, real* terms) {
  const index_t first = m / 2;
  real scale = 0;
  for (index_t c = 0; c < m; ++c) scale += w[c];
  terms[0] = scale;
  for (index_t p = 0; p < T; ++p) {
    real row = *b, column = 0;
    for (index_t c = 0; c < m; ++c) (c < first ? row : column) += table[p * m + c] * w[c];
    terms[1 + p] = row;
    terms[1 + T + p] = column;
  }
}

void position_bias_backward(index_t T, index_t m, const real* table, const real* dterms, real* dw, real* db) {
  const index_t first = m / 2;
  const real *drow = dterms + 1, *dcolumn = dterms + 1 + T;
  for (index_t c = 0; c < m; ++c) {
    real total = dterms[0];
    for (index_t p = 0; p < T; ++p) total += table[p * m + c] * (c < first ? drow[p] : dcolumn[p]);
    dw[c] += total;
  }
  for (index_t p = 0; p < T; ++p) *db += drow[p];
}

}  // namespace qkvbench::kernels
