// Adam on top of its kernel.
// The arithmetic, and its rounding, is in kernels/adam.
#include "qkvbench/optim/adam.hpp"

#include <algorithm>
#include <cmath>

namespace qkvbench::optim {

namespace {

index_t elements(const std::vector<std::pair<index_t, index_t>>& ranges) {
  index_t sum = 0;
  for (const auto& [begin, end] : ranges) sum += end - begin;
  return sum;
}

}  // namespace

Adam::Adam(std::span<real> values, std::span<real> grads, const AdamOptions& options)
    : Adam(values, grads, options, {{0, static_cast<index_t>(values.size())}}) {}

Adam::Adam(std::span<real> values, std::span<real> grads, const AdamOptions& options,
           std::vector<std::pair<index_t, index_t>> share)
    : options_(options),
      values_(values),
      grads_(grads),
      share_(std::move(share)),
      m_(elements(share_)),
      v_(elements(share_)),
      squares_((values.size() + kernels::kSquaresBlock - 1) / kernels::kSquaresBlock) {}

void Adam::freeze(index_t begin, index_t count) {
  frozen_.emplace_back(begin, begin + count);
  std::ranges::sort(frozen_);
}

double Adam::step(double lr) {
  measure();
  return update(lr);
}

void Adam::measure() {
  for (const auto& [begin, end] : frozen_) std::fill(grads_.begin() + begin, grads_.begin() + end, real{0});
  std::ranges::fill(squares_, 0.0);
  for (const auto& [begin, end] : share_)
    kernels::squares_of_blocks(end - begin, grads_.data() + begin, squares_.data() + begin / kernels::kSquaresBlock);
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
  index_t moment = 0;
  for (const auto& [begin, end] : share_) {
    step_range(how, begin, end, moment);
    moment += end - begin;
  }
  return norm;
}

void Adam::step_range(const kernels::AdamStep& how, index_t begin, index_t end, index_t moment) {
  const index_t first = begin;
  const auto advance = [&](index_t to) {
    if (to > begin)
      values_finite_ &= kernels::adam_step(to - begin, how, values_.data() + begin, grads_.data() + begin,
                                           m_.data() + moment + (begin - first), v_.data() + moment + (begin - first));
  };
  for (const auto& [frozen_begin, frozen_end] : frozen_) {
    advance(std::min(frozen_begin, end));
    begin = std::max(begin, frozen_end);
  }
  advance(end);
}

}  // namespace qkvbench::optim
