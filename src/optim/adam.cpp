// Adam on top of its kernel.
// The arithmetic, and its rounding, is in kernels/adam.
#include "qkvbench/optim/adam.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/kernels/adam.hpp"

namespace qkvbench::optim {

Adam::Adam(std::span<real> values, std::span<real> grads, const AdamOptions& options)
    : options_(options),
      values_(values),
      grads_(grads),
      m_(static_cast<index_t>(values.size())),
      v_(static_cast<index_t>(values.size())) {}

void Adam::freeze(index_t begin, index_t count) {
  frozen_.emplace_back(begin, begin + count);
  std::ranges::sort(frozen_);
}

double Adam::step(double lr) {
  for (const auto& [begin, end] : frozen_) std::fill(grads_.begin() + begin, grads_.begin() + end, real{0});
  const auto n = static_cast<index_t>(values_.size());
  const double norm = std::sqrt(kernels::sum_of_squares(n, grads_.data()));
  if (!std::isfinite(norm)) return norm;
  // As torch.nn.utils.clip_grad_norm_: the scale is never above one.
  const double scale = options_.grad_clip > 0 ? std::min(1.0, options_.grad_clip / (norm + 1e-6)) : 1.0;
  ++steps_done_;
  const kernels::AdamStep how{
      lr, options_.beta1, options_.beta2, options_.eps, options_.weight_decay, options_.decoupled, steps_done_, scale};
  values_finite_ = true;
  index_t at = 0;
  const auto advance = [&](index_t end) {
    if (end > at)
      values_finite_ &=
          kernels::adam_step(end - at, how, values_.data() + at, grads_.data() + at, m_.data() + at, v_.data() + at);
  };
  for (const auto& [begin, end] : frozen_) {
    advance(begin);
    at = std::max(at, end);
  }
  advance(n);
  return norm;
}

}  // namespace qkvbench::optim
