// Adam on top of its kernel.
// The arithmetic, and its rounding, is in kernels/adam.
#include "qkvbench/optim/adam.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/kernels/adam.hpp"

namespace qkvbench::optim {

Adam::Adam(std::span<real> values, std::span<real> grads, const AdamOptions& options)
    : Adam(values, grads, options, {0, static_cast<index_t>(values.size())}) {}

Adam::Adam(std::span<real> values, std::span<real> grads, const AdamOptions& options, std::pair<index_t, index_t> share)
    : options_(options),
      values_(values),
      grads_(grads),
      begin_(share.first),
      end_(share.second),
      m_(end_ - begin_),
      v_(end_ - begin_),
      squares_((values.size() + kernels::kSquaresBlock - 1) / kernels::kSquaresBlock) {}

void Adam::freeze(index_t begin, index_t count) {
  const index_t end = std::min(begin + count, end_);
  begin = std::max(begin, begin_);
  if (begin < end) frozen_.emplace_back(begin, end);
  std::ranges::sort(frozen_);
}

double Adam::step(double lr) {
  measure();
  return update(lr);
}

void Adam::measure() {
  for (const auto& [begin, end] : frozen_) std::fill(grads_.begin() + begin, grads_.begin() + end, real{0});
  kernels::squares_of_blocks(end_ - begin_, grads_.data() + begin_, squares_.data() + begin_ / kernels::kSquaresBlock);
}

double Adam::update(double lr) {
  double sum = 0;
  for (const double square : squares_) sum += square;
  const double norm = std::sqrt(sum);
  if (!std::isfinite(norm)) return norm;
  // As torch.nn.utils.clip_grad_norm_: the scale is never above one.
  const double scale = options_.grad_clip > 0 ? std::min(1.0, options_.grad_clip / (norm + 1e-6)) : 1.0;
  ++steps_done_;
  const kernels::AdamStep how{
      lr, options_.beta1, options_.beta2, options_.eps, options_.weight_decay, options_.decoupled, steps_done_, scale};
  values_finite_ = true;
  index_t at = begin_;
  const auto advance = [&](index_t end) {
    if (end > at)
      values_finite_ &= kernels::adam_step(end - at, how, values_.data() + at, grads_.data() + at,
                                           m_.data() + (at - begin_), v_.data() + (at - begin_));
  };
  for (const auto& [begin, end] : frozen_) {
    advance(begin);
    at = std::max(at, end);
  }
  advance(end_);
  return norm;
}

}  // namespace qkvbench::optim
