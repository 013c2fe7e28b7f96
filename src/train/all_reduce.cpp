// Recursive halving with the nearest rank first, so that sums come by the tree of neighbours; then doubling, back
// again. Arrays travel in pieces that are added while they are in cache.
#include "qkvbench/train/all_reduce.hpp"

#include <algorithm>

#include "qkvbench/kernels/elementwise.hpp"

namespace qkvbench::train {

namespace {

constexpr index_t kPiece = index_t{1} << 18;  // elements; a whole number of blocks

index_t blocks_in(index_t n) { return (n + AllReduce::kBlock - 1) / AllReduce::kBlock; }

index_t size_of(Range range) { return range.second - range.first; }

/// The part of a range that the piece of that number covers.
Range piece_of(Range range, index_t number) {
  const index_t begin = std::min(range.first + number * kPiece, range.second);
  return {begin, std::min(begin + kPiece, range.second)};
}

index_t pieces_in(Range range) { return (size_of(range) + kPiece - 1) / kPiece; }

std::span<real> part_of(std::span<real> x, Range range) {
  return x.subspan(static_cast<std::size_t>(range.first), static_cast<std::size_t>(size_of(range)));
}

}  // namespace

index_t AllReduce::bucket_size(index_t n, index_t ranks) {
  constexpr index_t kMostBlocks = 64, kLeastBuckets = 16;
  const index_t blocks = std::clamp((blocks_in(n) + kLeastBuckets - 1) / kLeastBuckets, index_t{1}, kMostBlocks);
  return (blocks + ranks - 1) / ranks * ranks * kBlock;
}

AllReduce::AllReduce(Ranks& ranks, index_t n) : ranks_(ranks) {
  const index_t size = bucket_size(n, ranks.size());
  for (index_t begin = 0; begin < n; begin += size) {
    Halvings& bucket = halvings_.emplace_back();
    bucket.ours.push_back({begin, std::min(begin + size, n)});
    for (int step = 1; step < ranks.size(); step *= 2) {
      const Range whole = bucket.ours.back();
      const index_t middle = std::min(whole.first + blocks_in(size_of(whole)) / 2 * kBlock, whole.second);
      const Range low{whole.first, middle}, high{middle, whole.second};
      const bool upper = (ranks.rank() & step) != 0;
      bucket.ours.push_back(upper ? high : low);
      bucket.theirs.push_back(upper ? low : high);
    }
  }
  if (ranks.size() > 1) piece_ = Buffer(std::min({kPiece, size, n}));
}

std::vector<Range> AllReduce::share() const {
  std::vector<Range> share;
  for (const Halvings& bucket : halvings_)
    if (size_of(bucket.ours.back()) > 0) share.push_back(bucket.ours.back());
  return share;
}

void AllReduce::reduce_scatter(std::span<real> x, index_t bucket) {
  const auto& [ours, theirs] = halvings_[static_cast<std::size_t>(bucket)];
  for (std::size_t k = 0; k < theirs.size(); ++k) {
    const index_t pieces = std::max(pieces_in(ours[k + 1]), pieces_in(theirs[k]));
    for (index_t piece = 0; piece < pieces; ++piece) {
      const std::span<real> out = part_of(x, piece_of(theirs[k], piece)),
                            sum = part_of(x, piece_of(ours[k + 1], piece));
      const std::span<real> in = piece_.span().first(sum.size());
      ranks_.exchange(ranks_.rank() ^ (1 << k), std::as_bytes(out), std::as_writable_bytes(in));
      kernels::add_backward(static_cast<index_t>(sum.size()), in.data(), sum.data(), true);
    }
  }
}

void AllReduce::all_gather(std::span<real> x, index_t bucket) {
  const auto& [ours, theirs] = halvings_[static_cast<std::size_t>(bucket)];
  for (std::size_t k = theirs.size(); k-- > 0;) {
    const index_t pieces = std::max(pieces_in(ours[k + 1]), pieces_in(theirs[k]));
    for (index_t piece = 0; piece < pieces; ++piece)
      ranks_.exchange(ranks_.rank() ^ (1 << k), std::as_bytes(part_of(x, piece_of(ours[k + 1], piece))),
                      std::as_writable_bytes(part_of(x, piece_of(theirs[k], piece))));
  }
}

void AllReduce::all_gather(std::span<real> x) {
  for (index_t i = 0; i < buckets(); ++i) all_gather(x, i);
}

void AllReduce::add(std::span<double> x) {
  std::vector<double> other(ranks_.size() > 1 ? x.size() : 0);
  for (int step = 1; step < ranks_.size(); step *= 2) {
    ranks_.exchange(ranks_.rank() ^ step, std::as_bytes(x), std::as_writable_bytes(std::span(other)));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += other[i];
  }
}

}  // namespace qkvbench::train
