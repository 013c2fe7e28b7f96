// Where a thread's time goes, by part of a training step: what the benchmarks ask for.
// Off unless a Profile lives on the calling thread; then every moment belongs to exactly one part.
#pragma once
#include <array>
#include <cstdint>
#include <utility>

#include "qkvbench/base/system.hpp"

namespace qkvbench {

/// What a step does. What no PartTimer claims is kOther.
enum class Part : std::uint8_t {
  kMatmul,       ///< affine maps
  kAttention,    ///< scores, softmax and weighted sums
  kElementwise,  ///< norms, activations, sums, dropout, embeddings
  kLoss,
  kOptimizer,
  kData,     ///< until the batch is there
  kWaiting,  ///< for the other threads at the end of a loop
  kOther
};
inline constexpr std::array<const char*, 8> kPartNames{
    "products", "attention", "norms_and_activations", "loss", "optimizer", "data", "waiting", "other"};

/// Measures the thread it is made on, for as long as it lives; one at a time.
class Profile {
 public:
  using Seconds = std::array<double, kPartNames.size()>;

  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// The calling thread's, or null: nobody measures.
  static Profile* current() { return current_; }
  Part part() const { return part_; }
  /// From now on time belongs to `part`. Returns the part before.
  Part enter(Part part) {
    const double now = seconds_now();
    seconds_[static_cast<std::size_t>(part_)] += now - since_;
    since_ = now;
    return std::exchange(part_, part);
  }
  /// Seconds of each part until now; their sum is the time since the profile was made.
  const Seconds& seconds() {
    enter(part_);
    return seconds_;
  }

 private:
  static constinit thread_local Profile* current_;
  Seconds seconds_{};
  double since_;
  Part part_ = Part::kOther;
};

/// The part of the code that is measured now, kOther when nobody measures.
inline Part current_part() { return Profile::current() == nullptr ? Part::kOther : Profile::current()->part(); }

/// Time from here to the end of the scope belongs to a part, except for what a PartTimer inside claims.
class PartTimer {
 public:
  explicit PartTimer(Part part) : profile_(Profile::current()) {
    if (profile_ != nullptr) before_ = profile_->enter(part);
  }
  ~PartTimer() {
    if (profile_ != nullptr) profile_->enter(before_);
  }
  PartTimer(const PartTimer&) = delete;
  PartTimer& operator=(const PartTimer&) = delete;

 private:
  Profile* profile_;
  Part before_ = Part::kOther;
};

}  // namespace qkvbench
