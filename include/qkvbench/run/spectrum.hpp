// Singular values, what they say of a matrix's rank, and how the spaces of two matrices lie to each other.
// Not where the matrices come from (run/layer_values).
#pragma once
#include <vector>

#include "qkvbench/run/similarity.hpp"

namespace qkvbench::run {

/// σ, the largest first; rows and columns may be any.   a: finite. Accurate to rounding on the scale of the largest.
Eigen::VectorXd singular_values(MatrixView a);

/// σ of a matrix in numbers, those below 2⁻²³ of the largest counted as zero: rounding of 32-bit inputs. What has no
/// value, as all ranks of a matrix of zeros, is none.
struct Spectrum {
  std::optional<double> effective_rank;         ///< exp(−Σ p ln p), p = σ/Σσ   (Roy and Vetterli, 2007)
  std::optional<double> effective_rank_energy;  ///< the same with p = σ²/Σσ²
  std::optional<double> participation_ratio;    ///< (Σσ²)² / Σσ⁴
  std::optional<double> stable_rank;            ///< Σσ² / σ₁²
  std::optional<double> rank_90;                ///< the fewest σ² that hold 90 % of Σσ²
  std::optional<double> spectral_norm;          ///< σ₁
  std::optional<double> frobenius;              ///< √Σσ²
};
Spectrum spectrum(MatrixView a);

/// Cosines of the principal angles between the spaces that the r largest right singular vectors of a and of b span, the
/// largest first.   a: [·, d], b: [·, d]; result: r numbers in [0, 1], or none where a or b has a rank below r.
/// Source: Björck and Golub, 1973.
std::vector<double> principal_cosines(MatrixView a, MatrixView b, Eigen::Index r);

/// Σ cos² / r of the same: 1 for one space, r/d on average for two random ones.
std::optional<double> subspace_overlap(MatrixView a, MatrixView b, Eigen::Index r);

/// Share of the energy of [a; b] that one space of r dimensions holds: Σ_{i<=r} σ² / Σ σ².   a: [·, d], b: [·, d].
std::optional<double> joint_energy(MatrixView a, MatrixView b, Eigen::Index r);

}  // namespace qkvbench::run
