// The fixed parts of a step: the order of the sums, and what a step of several parts computes.
// Runs of several processes are in tests/cli.
#include "qkvbench/train/replicas.hpp"

#include <cmath>

#include "qkvbench/train/trainer.hpp"
#include "support/catch.hpp"
#include "support/lists.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

/// Numbers whose sum depends on the order.
real uneven(index_t part, index_t element) {
  return std::exp2(static_cast<real>((part * 7 + element * 5) % 23)) * (part % 2 == 0 ? real{1} : real{-1} / 3);
}

real sum_of(index_t first, index_t parts, index_t element) {
  if (parts == 1) return uneven(first, element);
  return sum_of(first, parts / 2, element) + sum_of(first + parts / 2, parts / 2, element);
}

struct Trained {
  std::vector<real> values;
  std::vector<double> losses;
  bool operator==(const Trained&) const = default;
};

/// Four steps of batches of 9 lists; where they hold 8, every other step has one list.
Trained train_in_parts(index_t replicas, index_t micro_batch, real dropout, index_t batch_size = 8,
                       bool alike = false) {
  nn::ModelConfig config = tiny_config("gpt", "q_kv");
  config.dropout = dropout;
  nn::Model model(config);
  fill_parameters(model, 3);
  const Lists lists(9, !alike, alike);
  train::TrainOptions options{batch_size, micro_batch, 4, 1, 1e-2, {"constant", 0, 0, 4}, {true, 0.9, 0.99, 1, 0.1, 1},
                              5};
  options.replicas = replicas;
  train::Trainer trainer(model, lists, options);
  Trained out;
  while (!trainer.done()) out.losses.push_back(trainer.step().loss);
  out.values.assign(model.parameters().values().begin(), model.parameters().values().end());
  return out;
}

}  // namespace

TEST_CASE("a step's examples are split evenly, also where there are fewer than parts", "[train]") {
  for (const index_t n : {1, 3, 8, 21})
    for (const index_t parts : {1, 2, 8}) {
      index_t next = 0;
      for (index_t part = 0; part < parts; ++part) {
        const auto [begin, end] = train::examples_of_part(n, part, parts);
        CHECK(begin == next);
        CHECK((end - begin == n / parts || end - begin == n / parts + 1));
        next = end;
      }
      CHECK(next == n);
    }
}

TEST_CASE("gradients of parts are added by a tree of neighbours", "[train]") {
  constexpr index_t kElements = 37;
  for (const index_t parts : {1, 2, 4, 8, 16}) {
    std::vector<real> gradient(kElements);
    train::GradientTree tree(gradient, parts);
    for (int step = 0; step < 2; ++step) {
      std::ranges::fill(gradient, real{0});
      tree.begin();
      for (index_t part = 0; part < parts; ++part) {
        if (part > 0) tree.add();
        for (index_t i = 0; i < kElements; ++i) gradient[static_cast<std::size_t>(i)] += uneven(part, i);
      }
      for (index_t i = 0; i < kElements; i += 10) tree.add_last(i, std::min(i + 10, kElements));
      bool in_order = true;
      for (index_t i = 0; i < kElements; ++i) {
        CHECK(gradient[static_cast<std::size_t>(i)] == sum_of(0, parts, i));
        real one_by_one = 0;
        for (index_t part = 0; part < parts; ++part) one_by_one += uneven(part, i);
        in_order &= one_by_one == sum_of(0, parts, i);
      }
      CHECK(in_order == (parts <= 2));  // else the numbers would not tell one order from another
    }
  }
}

TEST_CASE("a tree that was left in the middle of a step begins anew", "[train]") {
  std::vector<real> gradient{5};
  train::GradientTree tree(gradient, 2);
  tree.begin();
  tree.add();
  tree.begin();
  gradient[0] = 1;
  tree.add();
  gradient[0] = 2;
  tree.add_last(0, 1);
  CHECK(gradient[0] == 3);
}

TEST_CASE("scores of parts are added by the same tree", "[train]") {
  std::vector<kernels::EvalSums> scores;
  for (const double loss : {1e16, 1.0, -1e16, 1.0}) scores.push_back({loss, 2, 3});
  const kernels::EvalSums sum = train::tree_sum(scores);
  CHECK(sum.loss_nats == (1e16 + 1.0) + (-1e16 + 1.0));
  CHECK(sum.loss_nats != ((1e16 + 1.0) + -1e16) + 1.0);
  CHECK(sum.correct == 8);
  CHECK(sum.targets == 12);
}

TEST_CASE("a step in parts is the step, but for the order of its sums", "[train]") {
  const Trained whole = train_in_parts(1, 8, 0);
  for (const index_t replicas : {2, 4, 8}) {
    const Trained parts = train_in_parts(replicas, 8 / replicas, 0);
    CHECK(max_difference(parts.values, whole.values) <= 1e-6);
    for (std::size_t i = 0; i < whole.losses.size(); ++i)
      CHECK(std::abs(parts.losses[i] - whole.losses[i]) <= 1e-5 * whole.losses[i]);
    CHECK(train_in_parts(replicas, 1, 0).losses.size() == 4);  // micro-batches of a part
  }
}

TEST_CASE("no two parts of a step share a dropout mask", "[train]") {
  // With the same masks, two parts that are alike would have the loss of one of them.
  const auto loss = [](index_t parts, real dropout) {
    return train_in_parts(parts, 1, dropout, parts, true).losses[0];
  };
  CHECK(loss(2, 0) == loss(1, 0));
  CHECK(loss(2, static_cast<real>(0.5)) != loss(1, static_cast<real>(0.5)));
}

}  // namespace qkvbench::testing
