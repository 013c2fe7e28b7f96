// The fixed parts of a step's batch, and the one order in which their gradients and scores are added:
// ((0+1)+(2+3))+((4+5)+(6+7)). Whoever computes a part, the sums have the same bits.
// Not who computes which: that is the trainer's.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "qkvbench/kernels/loss.hpp"
#include "qkvbench/tensor/buffer.hpp"

namespace qkvbench::train {

/// The examples [begin, end) of a step of n that a part takes: n·part/parts, rounded down, is where it begins. A part
/// may be empty when there are fewer examples than parts.
inline std::pair<index_t, index_t> examples_of_part(index_t n, index_t part, index_t parts) {
  return {n * part / parts, n * (part + 1) / parts};
}

/// The sum of scores by the tree. Their number is a power of two.
kernels::EvalSums tree_sum(std::span<const kernels::EvalSums> scores);

/// The sum by the tree of gradients that come one after the other in one array. It keeps one array for each level of
/// the tree, log2(parts) of them.
class GradientTree {
 public:
  /// `gradient` must outlive it; `parts` is a power of two.
  GradientTree(std::span<real> gradient, index_t parts);
  /// Before the first part of a step, whose gradient will be added to zeros.
  void begin() { done_ = 0; }
  /// The gradient of a part that is not the last is in the array. Behind it the array holds zeros, for the next part.
  void add();
  /// That of the last part is in these elements of the array; behind it they hold the sum of all parts.
  void add_last(index_t begin, index_t end);

 private:
  /// Adds the sums that wait for a part of this number; returns how many there were.
  std::size_t add_waiting(index_t part, index_t begin, index_t end);

  std::span<real> gradient_;
  index_t parts_, done_ = 0;
  std::vector<Buffer> levels_;  // levels_[k]: the sum of 2^k parts that waits for its neighbour
};

}  // namespace qkvbench::train
