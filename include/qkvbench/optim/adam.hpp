// Adam and AdamW over all parameters of a model, with clipping by the global gradient norm.
// State is two flat arrays beside the parameters; checkpoints save and restore them.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "qkvbench/kernels/adam.hpp"
#include "qkvbench/tensor/buffer.hpp"

namespace qkvbench::optim {

struct AdamOptions {
  bool decoupled = false;  ///< AdamW: weight decay apart from the gradient
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  double grad_clip = 0;  ///< largest global gradient norm; 0 leaves gradients as they are
};

class Adam {
 public:
  Adam(std::span<real> values, std::span<real> grads, const AdamOptions& options);
  /// For one of several processes: it keeps moments of some elements, [begin, end) of each range in order, and steps
  /// only those. `begin` is a multiple of kernels::kSquaresBlock, and so is `end` unless it is the last.
  Adam(std::span<real> values, std::span<real> grads, const AdamOptions& options,
       std::vector<std::pair<index_t, index_t>> share);

  /// Leaves numbers as they are in every step: their gradients count as zero, and nothing decays.
  void freeze(index_t begin, index_t count);

  /// Clips, steps with rate lr and sets all gradients to zero. Returns the norm before clipping; when that is not
  /// finite nothing is changed.
  double step(double lr);

  // The same in two halves, between which processes with a share each add up the sums of their blocks.
  /// Computes squares() of this share's gradients.
  void measure();
  /// Σ of squares of gradients, one for each kernels::kSquaresBlock of all of them; 0 of those outside this share.
  std::span<double> squares() { return squares_; }
  /// As step(), of this share, with squares() of all.
  double update(double lr);

  /// Whether all parameters (of this share) were finite after the last step.
  bool values_finite() const { return values_finite_; }

  index_t steps_done() const { return steps_done_; }
  void set_steps_done(index_t steps) { steps_done_ = steps; }
  /// Of this share, range behind range.
  std::span<real> first_moment() { return m_.span(); }
  std::span<real> second_moment() { return v_.span(); }

 private:
  /// Steps the range [begin, end), whose moments are from `moment` on, but for what is frozen.
  void step_range(const kernels::AdamStep& how, index_t begin, index_t end, index_t moment);

  AdamOptions options_;
  std::span<real> values_, grads_;
  std::vector<std::pair<index_t, index_t>> share_;
  Buffer m_, v_;
  std::vector<double> squares_;
  std::vector<std::pair<index_t, index_t>> frozen_;  // begin and end, in order
  index_t steps_done_ = 0;
  bool values_finite_ = true;
};

}  // namespace qkvbench::optim
