// Cross-entropy, gathers and one-hot rows on the tape.
// Ids are checked here, once, so that kernels need not.
#include "qkvbench/autograd/loss.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"

namespace qkvbench {

namespace {

/// Every id in [lowest, V), one for each of `rows`.
void check_ids(const char* operation, std::span<const std::int32_t> ids, index_t rows, index_t V, std::int32_t lowest) {
  if (static_cast<index_t>(ids.size()) != rows)
    fail_internal(std::string(operation) + ": " + std::to_string(ids.size()) + " ids for " + std::to_string(rows) +
                  " rows");
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < lowest || ids[i] >= V)
      fail_input(std::string(operation) + ": id " + std::to_string(ids[i]) + " at position " + std::to_string(i) +
                 " is not in 0.." + std::to_string(V - 1));
}

}  // namespace

Loss cross_entropy(Tape& tape, Value logits, std::span<const std::int32_t> targets) {
  const PartTimer timer(Part::kLoss);
  const index_t R = logits.shape().rows(), V = logits.shape().last();
  check_ids("cross_entropy", targets, R, V, -1);
  real* lse = tape.arena().take<real>(R);
  Loss loss{tape.new_value({}, logits.needs_grad()),
            kernels::cross_entropy_forward(R, V, logits.data(), targets.data(), lse)};
  if (loss.score.targets == 0) {  // a batch of an evaluation adds nothing then; a step has no mean
    if (logits.needs_grad()) fail_input("cross_entropy: none of " + std::to_string(R) + " targets is scored");
    *loss.mean_nats.data() = 0;
    return loss;
  }
  const real inverse = 1 / static_cast<real>(loss.score.targets);
  *loss.mean_nats.data() = static_cast<real>(loss.score.loss_nats / static_cast<double>(loss.score.targets));

  const Value mean = loss.mean_nats;
  tape.on_backward(mean, [=, &tape] {
    const GradientSlot d = tape.grad_slot(logits);
    kernels::cross_entropy_backward(R, V, logits.data(), targets.data(), lse, *mean.grad() * inverse, d.data,
                                    d.accumulate);
  });
  return loss;
}

Value divergence(Tape& tape, Value logits, const real* teacher, std::span<const std::int32_t> targets,
                 real temperature) {
  const PartTimer timer(Part::kLoss);
  const index_t R = logits.shape().rows(), V = logits.shape().last();
  check_ids("divergence", targets, R, V, -1);
  const auto scored = static_cast<real>(std::ranges::count_if(targets, [](std::int32_t id) { return id >= 0; }));
  if (scored == 0) fail_input("divergence: none of " + std::to_string(R) + " targets is scored");
  real *lse = tape.arena().take<real>(R), *teacher_lse = tape.arena().take<real>(R);
  const Value mean = tape.new_value({}, logits.needs_grad());
  *mean.data() = static_cast<real>(kernels::divergence_forward(R, V, logits.data(), teacher, targets.data(),
                                                               temperature, lse, teacher_lse)) /
                 scored;

  tape.on_backward(mean, [=, &tape] {
    const GradientSlot d = tape.grad_slot(logits);
    kernels::divergence_backward(R, V, logits.data(), teacher, targets.data(), temperature, lse, teacher_lse,
                                 *mean.grad() / scored, d.data, d.accumulate);
  });
  return mean;
}

Value squared_distance(Tape& tape, Value a, Value b, const real* target) {
  const PartTimer timer(Part::kLoss);
  if (!(a.shape() == b.shape()))
    fail_internal("squared_distance: " + a.shape().text() + " and " + b.shape().text() + " differ");
  const index_t N = a.shape().elements();
  const Value mean = tape.new_value({}, a.needs_grad() || b.needs_grad());
  *mean.data() =
      static_cast<real>(kernels::squared_distance_forward(N, a.data(), b.data(), target) / static_cast<double>(N));

  tape.on_backward(mean, [=, &tape] {
    const real slope = 2 * *mean.grad() / static_cast<real>(N);
    for (const auto& [value, sign] : {std::pair{a, real{1}}, std::pair{b, real{-1}}}) {
      if (!value.needs_grad()) continue;
      const GradientSlot d = tape.grad_slot(value);
      kernels::squared_distance_backward(N, a.data(), b.data(), target, sign * slope, d.data, d.accumulate);
    }
  });
  return mean;
}

Value weighted_sum(Tape& tape, Value a, real factor_a, Value b, real factor_b) {
  const Value sum = tape.new_value({}, a.needs_grad() || b.needs_grad());
  *sum.data() = *a.data() * factor_a + *b.data() * factor_b;

  tape.on_backward(sum, [=, &tape] {
    if (a.needs_grad()) *tape.accumulator(a) += *sum.grad() * factor_a;
    if (b.needs_grad()) *tape.accumulator(b) += *sum.grad() * factor_b;
  });
  return sum;
}

Value embedding(Tape& tape, Value table, std::span<const std::int32_t> ids, index_t B, index_t T) {
  const PartTimer timer(Part::kElementwise);
  const index_t C = table.shape().last();
  check_ids("embedding", ids, B * T, table.shape()[0], 0);
  const Value y = tape.new_value({B, T, C}, table.needs_grad());
  if (table.node()->narrow)
    for (index_t r = 0; r < B * T; ++r)
      kernels::widen_rows(table.rows().from(ids[static_cast<std::size_t>(r)]), 1, y.data() + r * C);
  else
    kernels::gather_forward(B * T, C, ids.data(), table.data(), y.data());

  tape.on_backward(y,
                   [=, &tape] { kernels::gather_backward(B * T, C, ids.data(), y.grad(), tape.accumulator(table)); });
  return y;
}

Value one_hot(Tape& tape, std::span<const std::int32_t> ids, index_t B, index_t T, index_t V) {
  const PartTimer timer(Part::kElementwise);
  check_ids("one_hot", ids, B * T, V, 0);
  const Value y = tape.new_value({B, T, V}, false);
  std::fill_n(y.data(), B * T * V, real{0});
  for (std::size_t r = 0; r < ids.size(); ++r) y.data()[static_cast<index_t>(r) * V + ids[r]] = 1;
  return y;
}

}  // namespace qkvbench
