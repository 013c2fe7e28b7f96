// Matrices in double and their decompositions. These are Eigen's, which take long to compile: so in one file, whose
// functions others call.
// Not what the numbers mean; run/similarity, run/spectrum and run/surgery_methods do.
#pragma once
#include <Eigen/Core>

namespace qkvbench::run {

using Matrix = Eigen::MatrixXd;
/// A matrix or a block of one.
using MatrixView = const Eigen::Ref<const Matrix>&;

/// R of a = Q R.   a: [n, d], result: [min(n, d), d].
Matrix triangle_of(MatrixView a);

/// The values σ of a = U diag(σ) Vᵀ and its left vectors.   a: [n, d], r = min(n, d).
struct LeftSingular {
  Eigen::VectorXd values;  ///< [r], the largest first
  Matrix vectors;          ///< [n, r]
};

/// By dividing and conquering: for sizes of hundreds.
LeftSingular left_singular(const Matrix& a);
/// The same without vectors.   result: [r]
Eigen::VectorXd singular_values_of(const Matrix& a);
/// By Jacobi's rotations: for the last digit of small values too.
LeftSingular left_singular_jacobi(const Matrix& a);

/// The smallest X of those that minimise |a X − b|.   a: [n, d], b: [n, m], result: [d, m].
Matrix least_squares(const Matrix& a, const Matrix& b);

}  // namespace qkvbench::run
