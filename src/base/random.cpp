// Philox4x32-10 and the normal transform on top of it.
// Kept free of state: every function here is a pure function of its arguments.
#include "qkvbench/base/random.hpp"

#include <cmath>
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

double RandomStream::normal(std::uint64_t index) const {
  // Two normals a block; the words are mapped into (0, 1) so that the logarithm is finite.
  const auto w = block(index / 2);
  const bool second = index % 2 != 0;
  const double u1 = (static_cast<double>(w[second ? 2 : 0]) + 0.5) * 0x1p-32;
  const double u2 = (static_cast<double>(w[second ? 3 : 1]) + 0.5) * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u1)) * std::cos(2.0 * std::numbers::pi * u2);
}

}  // namespace qkvbench
