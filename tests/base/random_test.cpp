// Random numbers by counter: known answers, moments, and independence of everything but the key.
// The numbers are part of the results, so they are pinned here.
#include "qkvbench/base/random.hpp"

#include <cmath>
#include <set>

#include "support/catch.hpp"

namespace qkvbench::testing {

using Words = std::array<std::uint32_t, 4>;

TEST_CASE("philox4x32-10 gives the known answers of Random123", "[base]") {
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream is philox of (index / 4, step, purpose) under the seed", "[base]") {
  const std::uint64_t seed = 0x123456789abcdef0, index = (std::uint64_t{7} << 40) + 6;
  const RandomStream stream(seed, Purpose::kDropout, 99);
  const Words block = philox4x32({static_cast<std::uint32_t>(index / 4), static_cast<std::uint32_t>(index / 4 >> 32),
                                  99, static_cast<std::uint32_t>(Purpose::kDropout)},
                                 {0x9abcdef0, 0x12345678});
  CHECK(stream.block(index / 4) == block);
  for (std::uint64_t i = 0; i < 4; ++i) CHECK(stream.bits(index / 4 * 4 + i) == block[i]);
}

TEST_CASE("streams differ by seed, by purpose and by step", "[base]") {
  std::set<std::uint32_t> first;
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32})
    for (const Purpose purpose : {Purpose::kInit, Purpose::kTrain, Purpose::kTest, Purpose::kValidation,
                                  Purpose::kShuffle, Purpose::kDropout, Purpose::kSample, Purpose::kAugment})
      for (const std::uint32_t step : {0u, 1u, 1000000u}) first.insert(RandomStream(seed, purpose, step).bits(0));
  CHECK(first.size() == 3 * 8 * 3);
}

TEST_CASE("uniform numbers fill the unit interval evenly", "[base]") {
  const RandomStream stream(1, Purpose::kSample);
  constexpr int n = 200'000;
  double sum = 0, squares = 0;
  bool inside = true;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double u = static_cast<double>(stream.uniform(i));
    inside = inside && u >= 0 && u < 1 && std::floor(u * 0x1p24) == u * 0x1p24;
    sum += u, squares += u * u;
  }
  CHECK(inside);
  CHECK(std::abs(sum / n - 0.5) <= 0.003);
  CHECK(std::abs(squares / n - 1.0 / 3) <= 0.003);
}

TEST_CASE("below(n) stays below n and reaches all numbers evenly", "[base]") {
  const RandomStream stream(3, Purpose::kSample);
  std::array<int, 10> hits{};
  for (std::uint64_t i = 0; i < 100'000; ++i) ++hits.at(stream.below(i, 10));
  for (const int n : hits) CHECK(std::abs(n - 10'000) <= 400);
  for (std::uint64_t i = 0; i < 100; ++i) CHECK(stream.below(i, 1) == 0);
}

TEST_CASE("normal numbers have the moments of a normal", "[base]") {
  const RandomStream stream(7, Purpose::kInit, fnv1a("weight"));
  constexpr int n = 400'000;
  double moments[5] = {}, neighbours = 0, previous = 0, largest = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double x = stream.normal(i);
    double power = 1;
    for (double& moment : moments) moment += power / n, power *= x;
    neighbours += x * previous / n;  // the two numbers of one block must not be related
    previous = x;
    largest = std::max(largest, std::abs(x));
  }
  CHECK(std::abs(moments[1]) <= 0.006);
  CHECK(std::abs(moments[2] - 1) <= 0.01);
  CHECK(std::abs(moments[3]) <= 0.02);
  CHECK(std::abs(moments[4] - 3) <= 0.06);
  CHECK(std::abs(neighbours) <= 0.006);
  CHECK(largest <= 7);
  CHECK(largest >= 4);
}

TEST_CASE("the first numbers are pinned", "[base]") {
  // A change here changes every result of every seed.
  CHECK(RandomStream(0, Purpose::kInit).bits(0) == philox4x32({0, 0, 0, 1}, {0, 0})[0]);
  CHECK(static_cast<std::uint32_t>(Purpose::kInit) == 1);
  CHECK(static_cast<std::uint32_t>(Purpose::kAugment) == 8);
  CHECK(fnv1a("") == 2166136261u);
  CHECK(fnv1a("a") == 0xe40c292cu);
  CHECK(fnv1a("foobar") == 0xbf9cf968u);
}

}  // namespace qkvbench::testing
