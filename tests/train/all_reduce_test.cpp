// Sums over ranks have the bits of the tree, whatever the array's size and however it is shared out.
#include "qkvbench/train/all_reduce.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/thread_ranks.hpp"

namespace qkvbench::testing {

namespace {

real number(int rank, index_t i) {
  return std::exp2(static_cast<real>((rank * 7 + i * 5) % 23)) * (rank % 2 == 0 ? real{1} : real{-1} / 3);
}

real tree(int first, int count, index_t i) {
  return count == 1 ? number(first, i) : tree(first, count / 2, i) + tree(first + count / 2, count / 2, i);
}

}  // namespace

TEST_CASE("a sum over ranks is the tree's, on every rank", "[train]") {
  constexpr index_t kBlock = train::AllReduce::kBlock;
  for (const int size : {1, 2, 4, 8})
    // fewer blocks than ranks; shares of several pieces, of uneven sizes
    for (const index_t n : {index_t{5}, kBlock + 1, 5 * kBlock + 37, 35 * kBlock + 11}) {
      std::vector<std::pair<index_t, index_t>> shares(static_cast<std::size_t>(size));
      run_all_ranks(size, [&](Ranks& ranks) {
        train::AllReduce all_reduce(ranks, n);
        std::vector<real> x(static_cast<std::size_t>(n));
        for (index_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = number(ranks.rank(), i);
        all_reduce.reduce_scatter(x);
        const auto [begin, end] = all_reduce.share();
        shares[static_cast<std::size_t>(ranks.rank())] = {begin, end};
        for (index_t i = begin; i < end; ++i)
          if (x[static_cast<std::size_t>(i)] != tree(0, size, i)) fail_internal("a share's sum");
        all_reduce.all_gather(x);
        for (index_t i = 0; i < n; ++i)
          if (x[static_cast<std::size_t>(i)] != tree(0, size, i)) fail_internal("the sum");
        // Of fewer blocks than ranks one rank has all, and sends them again and again.
        if (n > 30 * kBlock && ranks.sent_bytes() > 2 * sizeof(real) * static_cast<std::size_t>(n))
          fail_internal("too much is sent");
      });
      std::ranges::sort(shares);
      index_t next = 0;
      for (const auto& [begin, end] : shares) {
        CHECK(begin == next);
        CHECK((begin % kBlock == 0 || begin == n));
        next = end;
      }
      CHECK(next == n);
    }
}

TEST_CASE("numbers of blocks are put together in their order", "[train]") {
  constexpr index_t kBlocks = 11;
  run_all_ranks(4, [&](Ranks& ranks) {
    train::AllReduce all_reduce(ranks, kBlocks * train::AllReduce::kBlock - 3);
    std::vector<double> x(kBlocks, -1);
    const auto [begin, end] = all_reduce.share();
    for (index_t i = begin; i < end; i += train::AllReduce::kBlock)
      x[static_cast<std::size_t>(i / train::AllReduce::kBlock)] = static_cast<double>(i);
    all_reduce.all_gather_blocks(x);
    for (index_t block = 0; block < kBlocks; ++block)
      if (x[static_cast<std::size_t>(block)] != static_cast<double>(block * train::AllReduce::kBlock))
        fail_internal("another order");
  });
}

}  // namespace qkvbench::testing
