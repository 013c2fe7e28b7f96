// The tape itself: what it keeps, what it forgets, and that a step after the first asks for no memory.
// Gradients are checked in *_gradient_test.cpp.
#include "qkvbench/autograd/tape.hpp"

#include "qkvbench/autograd/attention.hpp"
#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/autograd/loss.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

TEST_CASE("a tape that does not record gives the same numbers and no gradients", "[autograd]") {
  auto x = normals(15, 1), w = normals(20, 2);
  std::vector<real> dx(15), dw(20);
  std::vector<std::vector<real>> results;
  for (const bool recording : {true, false}) {
    Tape tape(recording);
    const Value a = tape.parameter({3, 5}, x.data(), dx.data()), b = tape.parameter({4, 5}, w.data(), dw.data());
    const Value y = gelu(tape, linear(tape, a, b));
    CHECK(y.needs_grad() == recording);
    results.emplace_back(y.data(), y.data() + 12);
  }
  CHECK(results[0] == results[1]);
}

TEST_CASE("the backward pass of an operation is the operation's part", "[autograd]") {
  auto x = normals(15, 1);
  std::vector<real> dx(15);
  Profile profile;
  Tape tape;
  const Value y = gelu(tape, tape.parameter({3, 5}, x.data(), dx.data()));
  CHECK(y.node()->part == Part::kElementwise);
  CHECK(current_part() == Part::kOther);
  static Part seen;
  const Value loss = tape.new_value({}, true);
  {
    const PartTimer timer(Part::kLoss);
    tape.on_backward(loss, [=] { seen = current_part(); });
  }
  tape.backward(loss);
  CHECK(seen == Part::kLoss);
}

TEST_CASE("values that nothing flows back to have no gradient", "[autograd]") {
  auto x = normals(6, 1);
  std::vector<real> dx(6);
  Tape tape;
  const Value a = tape.parameter({2, 3}, x.data(), dx.data());
  const Value used = gelu(tape, a), unused = gelu(tape, a);
  const std::vector<std::int32_t> targets{0, 2};
  tape.backward(cross_entropy(tape, used, targets).mean_nats);
  CHECK(used.grad() != nullptr);
  CHECK(unused.grad() == nullptr);
  CHECK(tape.constant({2, 3}, x.data()).grad() == nullptr);
}

TEST_CASE("gradients of parameters add up over steps", "[autograd]") {
  auto x = normals(6, 1);
  std::vector<real> dx(6), once;
  const std::vector<std::int32_t> targets{0, 2};
  Tape tape;
  for (int step = 0; step < 2; ++step) {
    tape.reset();
    tape.backward(cross_entropy(tape, tape.parameter({2, 3}, x.data(), dx.data()), targets).mean_nats);
    if (step == 0) once = dx;
  }
  for (real& g : once) g *= 2;
  CHECK(max_difference(dx, once) <= 1e-7);
}

TEST_CASE("reshape shares the numbers", "[autograd]") {
  auto x = normals(6, 1);
  Tape tape;
  const Value a = tape.constant({2, 3}, x.data()), b = tape.reshape(a, {6});
  CHECK(b.data() == a.data());
  CHECK(b.shape() == Shape{6});
}

TEST_CASE("dropout does nothing at p = 0 or without recording, and differs by site and step", "[autograd]") {
  const auto x = normals(1000, 1);
  const auto drop = [&](bool recording, real p, RandomContext random, int site) {
    Tape tape(recording);
    tape.reset(random);
    const Value a = tape.constant({1000}, x.data());
    Value y = dropout(tape, a, p);
    for (int i = 0; i < site; ++i) y = dropout(tape, a, p);
    return std::vector<real>(y.data(), y.data() + 1000);
  };
  CHECK(drop(true, 0, {1, 1}, 0) == x);
  CHECK(drop(false, 0.5f, {1, 1}, 0) == x);
  const auto first = drop(true, 0.5f, {1, 1}, 0);
  CHECK(first == drop(true, 0.5f, {1, 1}, 0));
  CHECK(first != drop(true, 0.5f, {1, 1}, 1));
  CHECK(first != drop(true, 0.5f, {1, 2}, 0));
  CHECK(first != drop(true, 0.5f, {2, 1}, 0));
}

TEST_CASE("attention keeps no array of all pairs of positions", "[autograd]") {
  constexpr index_t T = 2048;
  auto x = normals(T * 4, 1);
  std::vector<real> dx(x.size());
  Tape tape;
  const Value a = tape.parameter({1, T, 4}, x.data(), dx.data());
  attention(tape, a, a, a, {2, 2, true});
  CHECK(tape.arena().peak_bytes() <= static_cast<std::size_t>(T) * 64 * sizeof(real));
}

TEST_CASE("the second step asks the system for nothing", "[autograd]") {
  auto x = normals(64 * 96, 1), w = normals(96 * 96, 2);
  std::vector<real> dx(x.size()), dw(w.size());
  const std::vector<std::int32_t> targets(64, 5);
  Tape tape;
  std::size_t asked = 0;
  for (int step = 0; step < 4; ++step) {
    tape.reset();
    Value h = tape.parameter({4, 16, 96}, x.data(), dx.data());
    const Value weight = tape.parameter({96, 96}, w.data(), dw.data());
    for (int layer = 0; layer < 3; ++layer) h = attention(tape, h, h, linear(tape, h, weight, {}, h), {4, 4, false});
    tape.backward(cross_entropy(tape, h, targets).mean_nats);
    if (step == 1) asked = tape.arena().system_allocations();
  }
  CHECK(tape.arena().system_allocations() == asked);
}

}  // namespace qkvbench::testing
