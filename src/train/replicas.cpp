// The tree as a binary counter: two sums of equal size are added as soon as both are there.
// Additions are of whole arrays, element by element, so that threads do not matter.
#include "qkvbench/train/replicas.hpp"

#include <algorithm>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/elementwise.hpp"

namespace qkvbench::train {

kernels::EvalSums tree_sum(std::span<const kernels::EvalSums> scores) {
  if (scores.size() == 1) return scores[0];
  const std::size_t half = scores.size() / 2;
  kernels::EvalSums sum = tree_sum(scores.first(half));
  return sum += tree_sum(scores.subspan(half));
}

GradientTree::GradientTree(std::span<real> gradient, index_t parts) : gradient_(gradient), parts_(parts) {
  for (index_t size = 1; size < parts; size *= 2) levels_.emplace_back(static_cast<index_t>(gradient.size()));
}

std::size_t GradientTree::add_waiting(index_t part, index_t begin, index_t end) {
  std::size_t level = 0;
  for (; part % 2 == 1; part /= 2)
    kernels::add_backward(end - begin, levels_[level++].data() + begin, gradient_.data() + begin, true);
  return level;
}

void GradientTree::add() {
  const auto n = static_cast<index_t>(gradient_.size());
  const std::size_t level = add_waiting(done_++, 0, n);
  real *const from = gradient_.data(), *const to = levels_[level].data();
  constexpr index_t kGrain = 16384;
  parallel_ranges(n, kGrain, [=](index_t begin, index_t end) {
    std::copy(from + begin, from + end, to + begin);
    std::fill(from + begin, from + end, real{0});
  });
}

void GradientTree::add_last(index_t begin, index_t end) { add_waiting(parts_ - 1, begin, end); }

}  // namespace qkvbench::train
