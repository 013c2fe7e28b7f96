// Python's random.Random(seed).sample(), for draws that a Python program makes too.
// No source of randomness of our own: base/random has that.
#pragma once
#include <cstdint>
#include <random>
#include <vector>

namespace qkvbench::data {

class PythonRandom {
 public:
  /// As random.Random(seed).
  explicit PythonRandom(std::uint32_t seed);
  /// What sample(range(n), k) gives, in its order; k <= n < 2^32.   Source: CPython's Lib/random.py, since 3.2.
  std::vector<std::size_t> sample(std::size_t n, std::size_t k);

 private:
  std::size_t below(std::size_t n);

  std::mt19937 engine_;
};

}  // namespace qkvbench::data
