// The optimizer's part of a step, whole or of a share of the parameters, and the state that ranks hand to each other.
// Where a rank has a share of the moments, gradients' memory serves to put them together: it is free between steps.
#include <algorithm>
#include <array>
#include <cmath>

#include "qkvbench/base/profile.hpp"
#include "qkvbench/kernels/elementwise.hpp"
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::train {

std::pair<double, bool> Trainer::optimize(double lr) {
  const PartTimer timer(Part::kOptimizer);
  if (!sharded_) {
    const double norm = adam_.step(lr);
    return {norm, adam_.values_finite()};
  }
  adam_.measure();
  reducer_.all_reduce().add(adam_.squares());
  const double norm = adam_.update(lr);
  model_.parameters().zero_grads();  // others' shares hold half a sum
  if (!std::isfinite(norm)) return {norm, true};
  reducer_.all_reduce().all_gather(model_.parameters().values());
  Word word;
  word.stop = adam_.values_finite() ? 0 : 1;
  return {norm, ranks_.agree(word).stop == 0};
}

std::span<real> Trainer::first_moment() { return sharded_ ? model_.parameters().grads() : adam_.first_moment(); }

std::span<real> Trainer::second_moment() {
  if (!sharded_) return adam_.second_moment();
  if (whole_.size() == 0) whole_ = Buffer(static_cast<index_t>(model_.parameters().grads().size()));
  return whole_.span();
}

void Trainer::gather_moments() {
  if (!sharded_) return;
  const std::span<real> all = model_.parameters().grads();
  const auto gather = [&](std::span<real> share) {
    auto from = share.begin();
    for (const auto& [begin, end] : reducer_.all_reduce().share()) {
      std::copy_n(from, end - begin, all.begin() + begin);
      from += end - begin;
    }
    reducer_.all_reduce().all_gather(all);
  };
  gather(adam_.second_moment());
  if (ranks_.is_first()) std::ranges::copy(all, second_moment().begin());
  gather(adam_.first_moment());
  gathered_ = true;
}

void Trainer::forget_gathered() {
  if (!gathered_) return;
  model_.parameters().zero_grads();
  whole_ = {};
  gathered_ = false;
}

void Trainer::share_state() {
  ranks_.broadcast(std::as_writable_bytes(model_.parameters().values()));
  const std::span<real> all = model_.parameters().grads();
  const auto take = [&](std::span<real> share) {
    ranks_.broadcast(std::as_writable_bytes(all));
    auto to = share.begin();
    for (const auto& [begin, end] : reducer_.all_reduce().share())
      to = std::copy(all.begin() + begin, all.begin() + end, to);
  };
  if (sharded_) {
    take(adam_.first_moment());
    if (ranks_.is_first()) std::ranges::copy(second_moment(), all.begin());
    take(adam_.second_moment());
    model_.parameters().zero_grads();
    whole_ = {};
  } else {
    for (const std::span<real> moment : {adam_.first_moment(), adam_.second_moment()})
      ranks_.broadcast(std::as_writable_bytes(moment));
  }
  std::array position{state_.step, state_.examples_seen, state_.tokens_seen};
  ranks_.broadcast(std::as_writable_bytes(std::span(position)));
  state_.step = position[0];
  state_.examples_seen = position[1];
  state_.tokens_seen = position[2];
  adam_.set_steps_done(state_.step);
}

}  // namespace qkvbench::train
