// Sums of arrays over ranks, by the tree of train/replicas: element by element ((0+1)+(2+3))+…, the same bits on all.
// First every rank gets the sum of one share, then all get all shares: what a rank sends is twice the array at most.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "qkvbench/base/ranks.hpp"
#include "qkvbench/kernels/adam.hpp"
#include "qkvbench/tensor/buffer.hpp"

namespace qkvbench::train {

/// Arrays of n elements, shared out by whole blocks. The number of ranks is a power of two.
/// Source: Rabenseifner 2004, "Optimization of Collective Reduction Operations" (recursive halving and doubling).
class AllReduce {
 public:
  /// Elements in a block: shares are of whole blocks of squares, so that an optimizer can work on one.
  static constexpr index_t kBlock = kernels::kSquaresBlock;

  /// `ranks` must outlive it.
  AllReduce(Ranks& ranks, index_t n);

  /// Elements [begin, end) of an array whose sum this rank gets. All where it is alone.
  std::pair<index_t, index_t> share() const { return elements(blocks_.back()); }

  /// x: [n]; this rank's share becomes the sum over ranks, the rest is undefined. Throws RankLost.
  void reduce_scatter(std::span<real> x);
  /// x: [n]; every rank's share goes to all. Throws RankLost.
  void all_gather(std::span<real> x);
  /// x: [blocks of n], one number a block; likewise.
  void all_gather_blocks(std::span<double> x);

 private:
  using Range = std::pair<index_t, index_t>;
  Range elements(Range blocks) const;
  template <class T>
  void gather(std::span<T> x, bool blocks);

  Ranks& ranks_;
  index_t n_;
  std::vector<Range> blocks_;  // [k]: what is still this rank's after k halvings
  std::vector<Range> others_;  // [k]: what then went to the partner, rank ^ 2^k
  Buffer piece_;
};

}  // namespace qkvbench::train
