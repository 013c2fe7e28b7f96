// Recursive halving with the nearest rank first, so that sums come by the tree of neighbours; then doubling, back
// again. Arrays travel in pieces that are added while they are in cache.
#include "qkvbench/train/all_reduce.hpp"

#include <algorithm>

#include "qkvbench/kernels/elementwise.hpp"

namespace qkvbench::train {

namespace {

constexpr index_t kPiece = index_t{1} << 18;  // elements; a whole number of blocks

/// The part of [begin, end) that the piece of that number covers.
std::pair<index_t, index_t> piece_of(std::pair<index_t, index_t> range, index_t number) {
  const index_t begin = std::min(range.first + number * kPiece, range.second);
  return {begin, std::min(begin + kPiece, range.second)};
}

index_t pieces_in(std::pair<index_t, index_t> range) { return (range.second - range.first + kPiece - 1) / kPiece; }

template <class T>
std::span<T> part_of(std::span<T> x, std::pair<index_t, index_t> range) {
  return x.subspan(static_cast<std::size_t>(range.first), static_cast<std::size_t>(range.second - range.first));
}

}  // namespace

AllReduce::AllReduce(Ranks& ranks, index_t n) : ranks_(ranks), n_(n), blocks_{{0, (n + kBlock - 1) / kBlock}} {
  for (int step = 1; step < ranks.size(); step *= 2) {
    const auto [begin, end] = blocks_.back();
    const index_t middle = begin + (end - begin) / 2;
    const Range low{begin, middle}, high{middle, end};
    const bool upper = (ranks.rank() & step) != 0;
    blocks_.push_back(upper ? high : low);
    others_.push_back(upper ? low : high);
  }
  if (!others_.empty()) piece_ = Buffer(std::min(kPiece, n));
}

std::pair<index_t, index_t> AllReduce::elements(Range blocks) const {
  return {std::min(blocks.first * kBlock, n_), std::min(blocks.second * kBlock, n_)};
}

void AllReduce::reduce_scatter(std::span<real> x) {
  for (std::size_t k = 0; k < others_.size(); ++k) {
    const Range ours = elements(blocks_[k + 1]), theirs = elements(others_[k]);
    for (index_t piece = 0; piece < std::max(pieces_in(ours), pieces_in(theirs)); ++piece) {
      const std::span<real> out = part_of(x, piece_of(theirs, piece)), sum = part_of(x, piece_of(ours, piece));
      const std::span<real> in = piece_.span().first(sum.size());
      ranks_.exchange(ranks_.rank() ^ (1 << k), std::as_bytes(out), std::as_writable_bytes(in));
      kernels::add_backward(static_cast<index_t>(sum.size()), in.data(), sum.data(), true);
    }
  }
}

template <class T>
void AllReduce::gather(std::span<T> x, bool blocks) {
  for (std::size_t k = others_.size(); k-- > 0;) {
    const Range ours = blocks ? blocks_[k + 1] : elements(blocks_[k + 1]);
    const Range theirs = blocks ? others_[k] : elements(others_[k]);
    for (index_t piece = 0; piece < std::max(pieces_in(ours), pieces_in(theirs)); ++piece)
      ranks_.exchange(ranks_.rank() ^ (1 << k), std::as_bytes(part_of(x, piece_of(ours, piece))),
                      std::as_writable_bytes(part_of(x, piece_of(theirs, piece))));
  }
}

void AllReduce::all_gather(std::span<real> x) { gather(x, false); }

void AllReduce::all_gather_blocks(std::span<double> x) { gather(x, true); }

}  // namespace qkvbench::train
