// Philox4x32-10 and the normal transform on top of it.
// Kept free of state: every function here is a pure function of its arguments.
#include "qkvbench/base/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

namespace qkvbench {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

void RandomStream::fill(std::uint64_t block, std::span<std::uint32_t> words) const {
  // Blocks side by side in vector registers, each word in the low half of its lane.
  typedef std::uint64_t Lanes __attribute__((vector_size(128)));
  constexpr std::size_t kSide = sizeof(Lanes) / sizeof(std::uint64_t);
  constexpr std::uint64_t kLow = 0xFFFFFFFFu;
  static_assert(std::endian::native == std::endian::little);
  const Lanes numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (std::size_t at = 0; at < words.size(); at += 4 * kSide, block += kSide) {
    Lanes c[4]{(numbers + block) & kLow, (numbers + block) >> 32, Lanes{} + step_, Lanes{} + purpose_};
    auto key = key_;
    for (int round = 0; round < 10; ++round) {  // as in philox4x32
      const Lanes p0 = c[0] * 0xD2511F53u, p1 = c[2] * 0xCD9E8D57u;
      c[0] = (p1 >> 32) ^ c[1] ^ key[0];
      c[1] = p1 & kLow;
      c[2] = (p0 >> 32) ^ c[3] ^ key[1];
      c[3] = p0 & kLow;
      key[0] += 0x9E3779B9u;
      key[1] += 0xBB67AE85u;
    }
    // Each lane of a pair holds two words of one block, the first in its low half: the order they have in memory.
    const Lanes front = c[0] | c[1] << 32, back = c[2] | c[3] << 32;
    std::uint64_t pairs[2 * kSide];
    for (std::size_t i = 0; i < kSide; ++i) {
      pairs[2 * i] = front[i];
      pairs[2 * i + 1] = back[i];
    }
    std::memcpy(words.data() + at, pairs, std::min(sizeof(pairs), words.size_bytes() - at * sizeof(words[0])));
  }
}

double RandomStream::normal(std::uint64_t index) const {
  // Two normals a block; the words are mapped into (0, 1) so that the logarithm is finite.
  const auto w = block(index / 2);
  const bool second = index % 2 != 0;
  const double u1 = (static_cast<double>(w[second ? 2 : 0]) + 0.5) * 0x1p-32;
  const double u2 = (static_cast<double>(w[second ? 3 : 1]) + 0.5) * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u1)) * std::cos(2.0 * std::numbers::pi * u2);
}

}  // namespace qkvbench
