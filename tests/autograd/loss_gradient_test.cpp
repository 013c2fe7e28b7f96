// Gradients at both ends of a model: cross-entropy, gathers, and what a seed of the backward pass scales.
// Counts and ties are tested in tests/kernels.
#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/autograd/loss.hpp"
#include "support/gradcheck.hpp"

namespace qkvbench::testing {

TEST_CASE("gradient of cross_entropy", "[gradient]") {
  for (const index_t V : {2, 7, 8, 16, 21}) {
    std::vector<std::int32_t> targets;
    for (index_t r = 0; r < 15; ++r) targets.push_back(r % 4 == 1 ? -1 : static_cast<std::int32_t>(r * 5 % V));
    check_gradients("cross_entropy", {input("logits", {3, 5, V}, 1, 2)},
                    [&](Tape& t, auto in) { return cross_entropy(t, in[0], targets).mean_nats; });
  }
}

TEST_CASE("gradient of two losses of the same logits is their sum", "[gradient]") {
  const std::vector<std::int32_t> first{2, -1, 0}, second{1, 1, -1};
  check_gradients("two losses", {input("logits", {3, 4}, 1)}, [&](Tape& t, auto in) {
    return plus(t, cross_entropy(t, in[0], first).mean_nats, cross_entropy(t, in[0], second).mean_nats);
  });
}

TEST_CASE("gradient of cross_entropy behind a map", "[gradient]") {
  const std::vector<std::int32_t> targets{2, -1, 0};
  check_gradients("cross_entropy of linear", {input("x", {3, 5}, 1), input("weight", {4, 5}, 2)},
                  [&](Tape& t, auto in) { return cross_entropy(t, linear(t, in[0], in[1]), targets).mean_nats; });
}

TEST_CASE("gradient of divergence, in rows that are scored", "[gradient]") {
  for (const index_t V : {2, 7, 16, 21})
    for (const double temperature : {0.7, 1.0, 3.0}) {
      std::vector<std::int32_t> targets;
      for (index_t r = 0; r < 15; ++r) targets.push_back(r % 4 == 1 ? -1 : static_cast<std::int32_t>(r * 5 % V));
      const auto teacher = normals(15 * V, 3, 2);
      check_gradients("divergence", {input("logits", {3, 5, V}, 1, 2)},
                      [&](Tape& t, auto in) { return divergence(t, in[0], teacher.data(), targets, temperature); });
    }
}

TEST_CASE("gradient of squared_distance, for both values", "[gradient]") {
  for (const index_t N : {1, 7, 70}) {
    const auto target = normals(2 * N, 3);
    check_gradients("squared_distance", {input("a", {2, N}, 1), input("b", {2, N}, 2)},
                    [&](Tape& t, auto in) { return squared_distance(t, in[0], in[1], target.data()); });
  }
  const auto target = normals(6, 3);
  check_gradients("squared_distance of one", {input("a", {2, 3}, 1)},
                  [&](Tape& t, auto in) { return squared_distance(t, in[0], in[0], target.data()); });
}

TEST_CASE("gradient of weighted_sum", "[gradient]") {
  check_gradients("weighted_sum", {input("a", {}, 1), input("b", {}, 2)},
                  [](Tape& t, auto in) { return weighted_sum(t, in[0], 0.3, in[1], -1.7); });
}

TEST_CASE("gradient of embedding adds up repeated ids", "[gradient]") {
  const std::vector<std::int32_t> ids{3, 0, 3, 3, 1, 0};
  for (const index_t C : {1, 7, 70})
    check_gradients("embedding", {input("table", {5, C}, 1)},
                    [&](Tape& t, auto in) { return embedding(t, in[0], ids, 2, 3); });
}

TEST_CASE("the seed of the backward pass scales every gradient", "[gradient]") {
  auto logits = normals(12, 1);
  const std::vector<std::int32_t> targets{2, 0, 1};
  std::vector<real> once(12), scaled(12);
  for (const bool seeded : {false, true}) {
    Tape tape;
    const Value x = tape.parameter({3, 4}, logits.data(), seeded ? scaled.data() : once.data());
    tape.backward(cross_entropy(tape, x, targets).mean_nats, seeded ? -0.375 : 1.0);
  }
  for (real& g : once) g *= -0.375;
  CHECK(max_difference(once, scaled) <= 1e-15);
}

TEST_CASE("one_hot has no gradient", "[gradient]") {
  const std::vector<std::int32_t> ids{3, 0, 2, 2, 1, 0};
  Tape tape;
  const Value y = one_hot(tape, ids, 2, 3, 4);
  CHECK(!y.needs_grad());
  real total = 0;
  for (index_t r = 0; r < 6; ++r)
    for (index_t c = 0; c < 4; ++c) {
      const real wanted = ids[static_cast<std::size_t>(r)] == c ? 1 : 0;
      CHECK(y.data()[r * 4 + c] == wanted);
      total += y.data()[r * 4 + c];
    }
  CHECK(total == 6);
}

}  // namespace qkvbench::testing
