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
      std::vector<std::vector<train::Range>> shares(static_cast<std::size_t>(size));
      run_all_ranks(size, [&](Ranks& ranks) {
        train::AllReduce all_reduce(ranks, n);
        std::vector<real> x(static_cast<std::size_t>(n));
        for (index_t i = 0; i < n; ++i) x[static_cast<std::size_t>(i)] = number(ranks.rank(), i);
        for (index_t bucket = all_reduce.buckets(); bucket-- > 0;) all_reduce.reduce_scatter(x, bucket);
        shares[static_cast<std::size_t>(ranks.rank())] = all_reduce.share();
        for (const auto& [begin, end] : all_reduce.share())
          for (index_t i = begin; i < end; ++i)
            if (x[static_cast<std::size_t>(i)] != tree(0, size, i)) fail_internal("a share's sum");
        all_reduce.all_gather(x);
        for (index_t i = 0; i < n; ++i)
          if (x[static_cast<std::size_t>(i)] != tree(0, size, i)) fail_internal("the sum");
        // Of fewer blocks than ranks one rank has all, and sends them again and again.
        if (n > 30 * kBlock && ranks.sent_bytes() > 2 * sizeof(real) * static_cast<std::size_t>(n))
          fail_internal("too much is sent");
      });
      std::vector<train::Range> all;
      for (const auto& share : shares) all.insert(all.end(), share.begin(), share.end());
      std::ranges::sort(all);
      index_t next = 0;
      for (const auto& [begin, end] : all) {
        CHECK(begin == next);
        CHECK((begin % kBlock == 0 || begin == n));
        next = end;
      }
      CHECK(next == n);
    }
}

TEST_CASE("shares of many buckets are even", "[train]") {
  constexpr index_t kBlock = train::AllReduce::kBlock, kElements = 1000 * kBlock + 11;
  for (const int size : {2, 8, 128}) {
    const index_t bucket = train::AllReduce::bucket_size(kElements, size);
    CHECK(bucket % (size * kBlock) == 0);
    CHECK(bucket <= std::max<index_t>(64, size) * kBlock);
  }
  CHECK(train::AllReduce::bucket_size(5, 4) == 4 * kBlock);
  CHECK(train::AllReduce::bucket_size(35 * kBlock, 2) == 4 * kBlock);
}

TEST_CASE("numbers that one rank has each are put together", "[train]") {
  constexpr std::size_t kNumbers = 11;
  run_all_ranks(4, [&](Ranks& ranks) {
    train::AllReduce all_reduce(ranks, 3);
    std::vector<double> x(kNumbers);
    for (std::size_t i = 0; i < kNumbers; ++i)
      if (static_cast<int>(i % 4) == ranks.rank()) x[i] = 1 / static_cast<double>(i + 1);
    all_reduce.add(x);
    for (std::size_t i = 0; i < kNumbers; ++i)
      if (x[i] != 1 / static_cast<double>(i + 1)) fail_internal("another number");
  });
}

}  // namespace qkvbench::testing
