// Random numbers by counter: the number at (seed, purpose, step, index) is always the same.
// Not a sequential generator and no std:: distribution: nothing depends on who asks first.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "qkvbench/base/real.hpp"

namespace qkvbench {

/// Philox4x32-10: four random words of a 128-bit counter under a 64-bit key.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// What a stream of random numbers is for. The numbers are part of the results: never reorder them.
enum class Purpose : std::uint32_t {
  kInit = 1,   ///< step = fnv1a(parameter name)
  kTrain = 2,  ///< training data, step = task
  kTest = 3,   ///< test data
  kValidation = 4,
  kShuffle = 5,  ///< step = epoch
  kDropout = 6,  ///< step = training step, index starts at (site << 40)
  kSample = 7,   ///< sampling of tokens
  kAugment = 8   ///< random crops and flips
};

/// 32-bit FNV-1a hash, to turn a name into a stream's step.
constexpr std::uint32_t fnv1a(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

/// The random numbers of one (seed, purpose, step), addressed by index.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t step = 0)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        purpose_(static_cast<std::uint32_t>(purpose)),
        step_(step) {}

  /// Words 4·block … 4·block+3 at once.
  std::array<std::uint32_t, 4> block(std::uint64_t block) const {
    return philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), step_, purpose_},
                      key_);
  }
  /// Words 4·block … 4·block + size − 1, several blocks in step: a multiple of the cost of a word less than block().
  /// size: a multiple of four.
  void fill(std::uint64_t block, std::span<std::uint32_t> words) const;
  /// 32 random bits.
  std::uint32_t bits(std::uint64_t index) const { return block(index / 4)[index % 4]; }
  /// Uniform in [0, 1), a multiple of 2⁻²⁴.
  real uniform(std::uint64_t index) const { return static_cast<real>(bits(index) >> 8) * static_cast<real>(0x1p-24); }
  /// Uniform integer in [0, n); n up to 2³² (bias below n / 2³²).
  std::uint32_t below(std::uint64_t index, std::uint32_t n) const {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(bits(index)) * n) >> 32);
  }
  /// Standard normal, by Box and Muller's transform in double precision.
  double normal(std::uint64_t index) const;

 private:
  std::array<std::uint32_t, 2> key_;
  std::uint32_t purpose_, step_;
};

}  // namespace qkvbench
