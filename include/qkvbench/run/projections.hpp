// The maps that make q, k and v in each block of a model, taken out by letter and put back under another sharing.
// What is done to them between is in run/surgery. Partitions of {q, k, v} only.
#pragma once
#include <Eigen/Core>
#include <array>
#include <string>

#include "qkvbench/nn/model.hpp"

namespace qkvbench::run {

/// Numbers in rows as a matrix in double: of [rows, columns] at `numbers`, and of a parameter, whose first size is
/// rows.
Eigen::MatrixXd matrix_of(const real* numbers, Eigen::Index rows, Eigen::Index columns);
Eigen::MatrixXd matrix_of(const nn::Parameter& parameter);

/// What makes q, k or v of a block's input x: heads·width rows, weight x + bias.
struct LetterMap {
  Eigen::MatrixXd weight;  ///< [heads·width, d]
  Eigen::VectorXd bias;    ///< [heads·width]; zeros where the model has none
  Eigen::VectorXd gain;    ///< [heads·width], or empty where the block has none
  Eigen::Index heads = 1;
  int projection = 0;  ///< equal for letters that share theirs

  Eigen::Index width() const { return weight.rows() / heads; }
  /// A head's rows of the weight and of the bias.
  auto head(Eigen::Index h) { return weight.middleRows(h * width(), width()); }
  auto head(Eigen::Index h) const { return weight.middleRows(h * width(), width()); }
  auto head_bias(Eigen::Index h) { return bias.segment(h * width(), width()); }
  auto head_bias(Eigen::Index h) const { return bias.segment(h * width(), width()); }
};

/// One block's attention: q, k and v in this order, and the output projection of the heads side by side.
struct BlockMaps {
  std::array<LetterMap, 3> letters;
  Eigen::MatrixXd out;       ///< [d, heads·value width]
  Eigen::VectorXd out_bias;  ///< [d]; zeros where the model has none

  LetterMap& q() { return letters[0]; }
  LetterMap& k() { return letters[1]; }
  LetterMap& v() { return letters[2]; }
  /// The columns of a query head.
  auto out_of(Eigen::Index h) { return out.middleCols(h * v().width(), v().width()); }
};

/// Throws Error (usage) when the variant is no partition of {q, k, v}.
BlockMaps block_maps(const nn::Model& model, index_t block);

/// Puts maps into a block of a model with other sharing or fewer or more heads. Letters of one projection must have
/// equal maps: the first is taken. Throws Error (internal) when shapes do not fit.
void set_block_maps(const BlockMaps& maps, index_t block, nn::Model& model);

/// Copies every parameter of the same name and shape from one model to another.
void copy_common(const nn::Model& from, nn::Model& to);

}  // namespace qkvbench::run
