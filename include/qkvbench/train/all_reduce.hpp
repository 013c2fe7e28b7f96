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

/// Elements [begin, end) of an array.
using Range = std::pair<index_t, index_t>;

/// Arrays of n elements, in buckets that are summed one by one, as soon as their numbers are there. Each bucket is
/// shared out by whole blocks. The number of ranks is a power of two. Source: Rabenseifner 2004, "Optimization of
/// Collective Reduction Operations" (recursive halving and doubling); Li et al. 2020, "PyTorch Distributed",
/// section 3.2 (buckets).
class AllReduce {
 public:
  /// Elements in a block: shares are of whole blocks of squares, so that an optimizer can work on one.
  static constexpr index_t kBlock = kernels::kSquaresBlock;
  /// Elements in a bucket of an array of n: 4 MiB at most, a sixteenth of smaller arrays, and a block for each rank.
  static index_t bucket_size(index_t n, index_t ranks);

  /// `ranks` must outlive it.
  AllReduce(Ranks& ranks, index_t n);

  index_t buckets() const { return static_cast<index_t>(halvings_.size()); }
  Range bucket(index_t number) const { return halvings_[static_cast<std::size_t>(number)].ours[0]; }
  /// The elements whose sum this rank gets, from the first on: some of each bucket.
  std::vector<Range> share() const;

  /// x: [n]; this rank's share of a bucket becomes the sum over ranks, the rest of the bucket is undefined. All ranks
  /// take buckets in the same order. Throws RankLost.
  void reduce_scatter(std::span<real> x, index_t bucket);
  /// x: [n]; every rank's share of a bucket, or of all of them, goes to all. Throws RankLost.
  void all_gather(std::span<real> x, index_t bucket);
  void all_gather(std::span<real> x);
  /// Adds up numbers of which one rank has each and the others have zero. Throws RankLost.
  void add(std::span<double> x);

 private:
  struct Halvings {
    std::vector<Range> ours;    // [k]: what is still this rank's after k halvings of the bucket
    std::vector<Range> theirs;  // [k]: what then went to the partner, rank ^ 2^k
  };

  Ranks& ranks_;
  std::vector<Halvings> halvings_;  // of each bucket
  Buffer piece_;
};

}  // namespace qkvbench::train
