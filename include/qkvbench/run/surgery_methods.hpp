// The table of methods of surgery and their algebra, a block at a time.
// Which of them a change needs is decided in run/surgery.
#pragma once
#include <span>
#include <vector>

#include "qkvbench/run/projections.hpp"
#include "qkvbench/run/surgery.hpp"

namespace qkvbench::run {

/// What a method may look at beside the block's maps.
struct Around {
  const nn::ModelConfig& model;
  const Eigen::MatrixXd& x;  ///< [n, d] the block's inputs over the examples; empty where a method reads none
  std::vector<int> letters;  ///< that are to share

  bool has_bias() const { return model.bias; }
  /// Whether a constant in all keys changes nothing.
  bool key_constant_cancels() const { return !model.rope() && !model.qk_norm; }
};

/// A method and what it needs of the block.
struct SurgeryRow : SurgeryMethod {
  void (*merge)(BlockMaps&, const Around&) = nullptr;  ///< null: it pools
  int letter = -1;                                     ///< this letter must be among those that are to share
  bool of_k_and_v = false;   ///< exactly K and V are to share, and nothing but the projection makes V
  bool turns_basis = false;  ///< it changes the basis of keys, which must meet queries as they are
};

/// In the order of help. To add a method, add its function and a row.
std::span<const SurgeryRow> surgery_rows();

/// A new head from each group of `group` old ones: their mean, or the first.
void pool_heads(LetterMap& map, Eigen::Index group, bool only_first);
/// Each head `times` times.
void repeat_heads(LetterMap& map, Eigen::Index times);

}  // namespace qkvbench::run
