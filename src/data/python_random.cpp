// The engine is std::mt19937, whose words the standard fixes; only how Python seeds it and draws from it is here.
#include "qkvbench/data/python_random.hpp"

#include <bit>
#include <cmath>
#include <set>

namespace qkvbench::data {

namespace {

/// The first words of MT19937 that init_by_array gives for a key of one word.
/// Source: Matsumoto and Nishimura, mt19937ar.c, 2002.
class KeyedWords {
 public:
  using result_type = std::uint32_t;
  explicit KeyedWords(std::uint32_t key) : key_(key) {}
  template <class Iterator>
  void generate(Iterator begin, Iterator end) const {
    const auto n = static_cast<std::uint32_t>(end - begin);
    std::vector<std::uint32_t> s(n);
    s[0] = 19650218;
    for (std::uint32_t i = 1; i < n; ++i) s[i] = 1812433253u * (s[i - 1] ^ (s[i - 1] >> 30)) + i;
    std::uint32_t i = 1;
    const auto next = [&] {
      if (++i < n) return;
      s[0] = s[n - 1];
      i = 1;
    };
    for (std::uint32_t step = 0; step < n; ++step) {
      s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525u)) + key_;
      next();
    }
    for (std::uint32_t step = 1; step < n; ++step) {
      s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941u)) - i;
      next();
    }
    s[0] = 0x80000000u;
    for (std::uint32_t at = 0; at < n; ++at) begin[at] = s[at];
  }

 private:
  std::uint32_t key_;
};

}  // namespace

PythonRandom::PythonRandom(std::uint32_t seed) {
  KeyedWords words(seed);
  engine_.seed(words);
}

std::size_t PythonRandom::below(std::size_t n) {
  const auto bits = static_cast<int>(std::bit_width(n));
  for (;;)
    if (const std::size_t drawn = engine_() >> (32 - bits); drawn < n) return drawn;
}

std::vector<std::size_t> PythonRandom::sample(std::size_t n, std::size_t k) {
  // Few of many are drawn until they differ, many of few out of a pool that shrinks.
  std::size_t small = 21;
  if (k > 5)
    small += static_cast<std::size_t>(std::pow(4, std::ceil(std::log(3.0 * static_cast<double>(k)) / std::log(4.0))));
  std::vector<std::size_t> drawn;
  if (n <= small) {
    std::vector<std::size_t> pool;
    for (std::size_t i = 0; i < n; ++i) pool.push_back(i);
    for (std::size_t i = 0; i < k; ++i) {
      const std::size_t at = below(n - i);
      drawn.push_back(pool[at]);
      pool[at] = pool[n - i - 1];
    }
    return drawn;
  }
  std::set<std::size_t> taken;
  while (drawn.size() < k)
    if (const std::size_t at = below(n); taken.insert(at).second) drawn.push_back(at);
  return drawn;
}

}  // namespace qkvbench::data
