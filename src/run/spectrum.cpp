// Singular values after a QR decomposition, so that the number of samples costs little.
// Squares are never formed first: they would lose the small values.
#include "qkvbench/run/spectrum.hpp"

#include <algorithm>
#include <cmath>

namespace qkvbench::run {

namespace {

/// A square matrix of the same singular values and right singular vectors; a itself where it is not tall.
Matrix squared_off(MatrixView a) {
  if (a.rows() <= a.cols()) return a;
  return triangle_of(a);
}

/// [d, r]: orthonormal, the largest r right singular vectors; nothing where the rank is below r.
Matrix top_space(MatrixView a, Eigen::Index r) {
  const auto x = scaled(a);
  if (!x || r > std::min(a.rows(), a.cols())) return {};
  const LeftSingular svd = left_singular(squared_off(*x).transpose());
  const auto size = static_cast<double>(std::max(a.rows(), a.cols()));
  const double least = svd.values(0) * size * Eigen::NumTraits<double>::epsilon();
  if (!(svd.values(r - 1) > least)) return {};
  return svd.vectors.leftCols(r);
}

/// What rounding of the 32-bit numbers that all matrices here are made of leaves where there is nothing: an exact rank
/// below the number of channels is common, and a sum over σ, not σ², would see the noise in its sixth digit.
constexpr double kRounding = 0x1p-23;

double entropy_rank(const Eigen::ArrayXd& weights) {
  const Eigen::ArrayXd p = weights / weights.sum();
  double entropy = 0;
  for (const double share : p)
    if (share > 0) entropy -= share * std::log(share);
  return std::exp(entropy);
}

}  // namespace

Eigen::VectorXd singular_values(MatrixView a) {
  if (a.size() == 0) return {};
  const Matrix tall = a.rows() < a.cols() ? squared_off(a.transpose()) : squared_off(a);
  return singular_values_of(tall);
}

Spectrum spectrum(MatrixView a) {
  const auto x = scaled(a);
  if (!x) return {};
  Spectrum out;
  Eigen::ArrayXd s = singular_values(*x);
  s = (s > kRounding * s(0)).select(s, 0.0);
  const Eigen::ArrayXd energy = s.square();
  const double scale = a.cwiseAbs().maxCoeff(), total = energy.sum();
  out.spectral_norm = s(0) * scale;
  out.frobenius = std::sqrt(total) * scale;
  if (!(total > 0)) return out;
  out.effective_rank = entropy_rank(s);
  out.effective_rank_energy = entropy_rank(energy);
  out.participation_ratio = total * total / energy.square().sum();
  out.stable_rank = total / energy(0);
  constexpr double kShare = 0.9, kSlack = 1e-12;  // ten equal values: nine of them hold 90 %
  double held = 0;
  Eigen::Index n = 0;
  while (n < energy.size() && held < (kShare - kSlack) * total) held += energy(n++);
  out.rank_90 = static_cast<double>(n);
  return out;
}

std::vector<double> principal_cosines(MatrixView a, MatrixView b, Eigen::Index r) {
  if (a.cols() != b.cols() || r < 1) return {};
  const Matrix u = top_space(a, r), v = top_space(b, r);
  if (u.size() == 0 || v.size() == 0) return {};
  std::vector<double> out;
  for (const double cosine : singular_values(u.transpose() * v)) out.push_back(std::min(1.0, cosine));
  return out;
}

std::optional<double> subspace_overlap(MatrixView a, MatrixView b, Eigen::Index r) {
  const std::vector<double> cosines = principal_cosines(a, b, r);
  if (cosines.empty()) return {};
  double sum = 0;
  for (const double cosine : cosines) sum += cosine * cosine;
  return sum / static_cast<double>(r);
}

std::optional<double> joint_energy(MatrixView a, MatrixView b, Eigen::Index r) {
  if (a.cols() != b.cols() || a.size() == 0 || b.size() == 0) return {};
  Matrix both(a.rows() + b.rows(), a.cols());
  both << a, b;
  const auto x = scaled(both);
  if (!x) return {};
  const Eigen::ArrayXd energy = singular_values(*x).array().square();
  if (!(energy.sum() > 0)) return {};
  return energy.head(std::min(r, energy.size())).sum() / energy.sum();
}

}  // namespace qkvbench::run
