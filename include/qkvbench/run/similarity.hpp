// How alike two matrices of numbers are: cosines, CKA, Procrustes and least squares, in double precision.
// Not where the matrices come from (run/layer_values), nor which of these are shown (run/measures).
#pragma once
#include <optional>

#include "qkvbench/run/matrix.hpp"

namespace qkvbench::run {

// Of all functions here: a, b: [n, ·], n samples a row. The result does not exist, and is none, where a denominator is
// zero, a number is not finite, or the shapes do not fit. The scale of the numbers does not matter.

/// a divided by its largest |number|; none when that is not finite. A matrix of zeros stays one.
std::optional<Matrix> scaled(MatrixView a);

/// a without the means of its columns; a column that is constant but for rounding becomes exactly zero.
Matrix centred(MatrixView a);

/// <a, b> / (|a| |b|) over all numbers; a, b of one shape.
std::optional<double> cosine(MatrixView a, MatrixView b);

/// Mean of the cosines of a's rows with b's, over rows of which neither is zero; a, b of one shape.
std::optional<double> row_cosine_mean(MatrixView a, MatrixView b);

/// |aᵀb|² / (|aᵀa| |bᵀb|) in Frobenius norms, without centring.   Source: Kornblith et al., ICML 2019.
std::optional<double> cka_uncentred(MatrixView a, MatrixView b);

/// The same of the centred matrices: linear CKA.
std::optional<double> cka(MatrixView a, MatrixView b);

/// HSIC₁(a, b) / √(HSIC₁(a, a) HSIC₁(b, b)): CKA without the bias of few samples; may be below 0. None for n < 4, and
/// where HSIC₁(a, a) < 1e-12 |aaᵀ|² / n².   Source: Song et al., JMLR 2012, for HSIC₁; Nguyen et al., ICLR 2021.
std::optional<double> cka_debiased(MatrixView a, MatrixView b);

/// |a_cᵀ b_c|_* / (|a_c| |b_c|), with the nuclear norm, of the centred matrices.
std::optional<double> procrustes(MatrixView a, MatrixView b);

/// Share of b's variance that the best affine map of a explains: 1 − |b_c − a_c M|² / |b_c|². None where n <= columns
/// of a, when any b is explained.
std::optional<double> r2_from(MatrixView a, MatrixView b);

}  // namespace qkvbench::run
