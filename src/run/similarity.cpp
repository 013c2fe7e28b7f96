// Each measure from the matrices, divided by their largest number first: fourth powers leave a double's range.
// Nothing here is of size n × n.
#include "qkvbench/run/similarity.hpp"

#include <cmath>

#include "qkvbench/run/spectrum.hpp"

namespace qkvbench::run {

namespace {

constexpr double kRounding = 1e-12;  // of a column's largest number: what float32 inputs cannot hold

struct Pair {
  Matrix a, b;
};

/// Both scaled; none where the measure has no value.
std::optional<Pair> scaled_pair(MatrixView a, MatrixView b) {
  if (a.rows() != b.rows()) return {};
  auto x = scaled(a), y = scaled(b);
  if (!x || !y) return {};
  return Pair{std::move(*x), std::move(*y)};
}

std::optional<Pair> centred_pair(MatrixView a, MatrixView b) {
  if (a.rows() != b.rows()) return {};
  return scaled_pair(centred(a), centred(b));
}

std::optional<double> ratio(double numerator, double denominator) {
  if (!(denominator > 0) || !std::isfinite(numerator)) return {};
  return numerator / denominator;
}

std::optional<double> cka_of(const std::optional<Pair>& pair) {
  if (!pair) return {};
  const Matrix &a = pair->a, &b = pair->b;
  return ratio((a.transpose() * b).squaredNorm(), (a.transpose() * a).norm() * (b.transpose() * b).norm());
}

/// n(n − 3) HSIC₁ of K = aaᵀ and L = bbᵀ, with K̃ = K but for a zero diagonal:
/// tr(K̃L̃) + (1ᵀK̃1)(1ᵀL̃1)/((n−1)(n−2)) − 2/(n−2) · 1ᵀK̃L̃1.   a, b: centred, which changes nothing but rounding.
double hsic(const Matrix& a, const Matrix& b) {
  const auto n = static_cast<double>(a.rows());
  const Eigen::VectorXd kd = a.rowwise().squaredNorm(), ld = b.rowwise().squaredNorm();
  const Eigen::VectorXd k1 = a * a.colwise().sum().transpose() - kd, l1 = b * b.colwise().sum().transpose() - ld;
  return (a.transpose() * b).squaredNorm() - kd.dot(ld) + k1.sum() * l1.sum() / ((n - 1) * (n - 2)) -
         2 / (n - 2) * k1.dot(l1);
}

/// hsic(c, c) of c = a centred and divided by its largest number; none where it is zero beside |aaᵀ|.
std::optional<double> own_hsic(const Matrix& c, MatrixView a) {
  const auto x = scaled(a);
  if (!x) return {};
  const auto n = static_cast<double>(a.rows());
  const double divisor = centred(*x).cwiseAbs().maxCoeff(), gram = (x->transpose() * *x).norm();
  const double own = hsic(c, c);
  const double least = 1e-12 * gram * gram / (n * n) * n * (n - 3);
  return own * std::pow(divisor, 4) > least ? std::optional(own) : std::nullopt;
}

}  // namespace

std::optional<Matrix> scaled(MatrixView a) {
  if (a.size() == 0 || !a.allFinite()) return {};
  const double largest = a.cwiseAbs().maxCoeff();
  return largest > 0 ? Matrix(a / largest) : Matrix(a);
}

Matrix centred(MatrixView a) {
  Matrix out = a.rowwise() - a.colwise().mean();
  for (Eigen::Index j = 0; j < a.cols() && a.rows() > 0; ++j)
    if (out.col(j).cwiseAbs().maxCoeff() <= kRounding * a.col(j).cwiseAbs().maxCoeff()) out.col(j).setZero();
  return out;
}

std::optional<double> cosine(MatrixView a, MatrixView b) {
  if (a.cols() != b.cols()) return {};
  const auto pair = scaled_pair(a, b);
  if (!pair) return {};
  return ratio(pair->a.cwiseProduct(pair->b).sum(), pair->a.norm() * pair->b.norm());
}

std::optional<double> row_cosine_mean(MatrixView a, MatrixView b) {
  if (a.cols() != b.cols() || a.rows() != b.rows()) return {};
  double sum = 0, n = 0;
  for (Eigen::Index i = 0; i < a.rows(); ++i)
    if (const auto one = cosine(a.row(i), b.row(i))) sum += *one, ++n;
  return ratio(sum, n);
}

std::optional<double> cka_uncentred(MatrixView a, MatrixView b) { return cka_of(scaled_pair(a, b)); }

std::optional<double> cka(MatrixView a, MatrixView b) { return cka_of(centred_pair(a, b)); }

std::optional<double> cka_debiased(MatrixView a, MatrixView b) {
  constexpr Eigen::Index kLeastRows = 4;
  if (a.rows() < kLeastRows) return {};
  const auto pair = centred_pair(a, b);
  if (!pair) return {};
  const auto aa = own_hsic(pair->a, a), bb = own_hsic(pair->b, b);
  if (!aa || !bb) return {};
  return ratio(hsic(pair->a, pair->b), std::sqrt(*aa) * std::sqrt(*bb));
}

std::optional<double> procrustes(MatrixView a, MatrixView b) {
  const auto pair = centred_pair(a, b);
  if (!pair) return {};
  const double norms = pair->a.norm() * pair->b.norm();
  if (!(norms > 0)) return {};
  return ratio(singular_values(pair->a.transpose() * pair->b).sum(), norms);
}

std::optional<double> r2_from(MatrixView a, MatrixView b) {
  if (a.rows() <= a.cols()) return {};
  const auto pair = centred_pair(a, b);
  if (!pair || !(pair->b.norm() > 0)) return {};
  // The explained part is what lies in the space of a's columns, which directions of no size do not span.
  const LeftSingular svd = left_singular_jacobi(pair->a);
  const double least = svd.values(0) * static_cast<double>(a.rows()) * Eigen::NumTraits<double>::epsilon();
  const Eigen::Index rank = (svd.values.array() > least).count();
  const Matrix u = svd.vectors.leftCols(rank);
  return 1 - (pair->b - u * (u.transpose() * pair->b)).squaredNorm() / pair->b.squaredNorm();
}

}  // namespace qkvbench::run
