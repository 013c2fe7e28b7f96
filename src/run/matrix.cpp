// The one place where Eigen's decompositions are compiled.
#include "qkvbench/run/matrix.hpp"

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>

namespace qkvbench::run {

Matrix triangle_of(MatrixView a) {
  const Eigen::HouseholderQR<Matrix> qr(a);
  return qr.matrixQR().topRows(std::min(a.rows(), a.cols())).triangularView<Eigen::Upper>();
}

LeftSingular left_singular(const Matrix& a) {
  const Eigen::BDCSVD<Matrix> svd(a, Eigen::ComputeThinU);
  return {svd.singularValues(), svd.matrixU()};
}

Eigen::VectorXd singular_values_of(const Matrix& a) { return Eigen::BDCSVD<Matrix>(a).singularValues(); }

LeftSingular left_singular_jacobi(const Matrix& a) {
  const Eigen::JacobiSVD<Matrix> svd(a, Eigen::ComputeThinU);
  return {svd.singularValues(), svd.matrixU()};
}

Matrix least_squares(const Matrix& a, const Matrix& b) {
  return Eigen::CompleteOrthogonalDecomposition<Matrix>(a).solve(b);
}

}  // namespace qkvbench::run
