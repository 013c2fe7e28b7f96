// Adam and AdamW against torch.optim, against a scalar form in double precision, and their refusal of NaN.
// Whole training steps are compared with the official code by the golden files.
#include "qkvbench/optim/adam.hpp"

#include <cmath>
#include <numeric>

#include "qkvbench/kernels/adam.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using optim::Adam;
using optim::AdamOptions;

/// New numbers in the place of the old: an optimizer keeps pointing there.
void refill(std::vector<real>& to, const std::vector<real>& from) { std::copy(from.begin(), from.end(), to.begin()); }

/// Five steps with rate 0.05 from (1, -2, 0.5), as in the snippet below.
std::vector<real> five_steps(const AdamOptions& options) {
  std::vector<real> x{1, -2, 0.5f}, g(3);
  Adam adam(x, g, options);
  for (int t = 1; t <= 5; ++t) {
    refill(g, {0.3f * static_cast<real>(t), -1 / static_cast<real>(t), 0.2f - 0.1f * static_cast<real>(t)});
    adam.step(0.05);
  }
  return x;
}

/// One number, one step at a time, in double precision, in the words of the paper (Kingma and Ba, algorithm 1).
struct ScalarAdam {
  AdamOptions o;
  double x, m = 0, v = 0;
  void step(double g, double lr, int t) {
    if (o.decoupled)
      x -= lr * o.weight_decay * x;
    else
      g += o.weight_decay * x;
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    const double m_hat = m / (1 - std::pow(o.beta1, t)), v_hat = v / (1 - std::pow(o.beta2, t));
    x -= lr * m_hat / (std::sqrt(v_hat) + o.eps);
  }
};

AdamOptions options(bool decoupled, double weight_decay, double eps = 1e-8) {
  AdamOptions o;
  o.decoupled = decoupled, o.weight_decay = weight_decay, o.eps = eps;
  return o;
}

}  // namespace

TEST_CASE("Adam and AdamW give the numbers of torch.optim", "[optim]") {
  // PyTorch, float64; `clip` only in the last case:
  //   x = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
  //   opt = cls([x], lr=0.05, **kw)
  //   for t in range(1, 6):
  //     x.grad = torch.tensor([0.3 * t, -1.0 / t, 0.2 - 0.1 * t], dtype=torch.float64)
  //     torch.nn.utils.clip_grad_norm_([x], clip); opt.step()
  using Doubles = std::vector<double>;
  CHECK(max_difference(five_steps(options(false, 0)),
                       Doubles{0.7574584568823228, -1.77992695817031, 0.481450127273922}) <= 1e-6);
  CHECK(max_difference(five_steps(options(false, 0.1)),
                       Doubles{0.7547964464664478, -1.7697018259097226, 0.42140606677475456}) <= 1e-6);
  CHECK(max_difference(five_steps(options(true, 0.1)),
                       Doubles{0.7351379137113754, -1.7327534317660782, 0.47039542983660626}) <= 1e-6);
  AdamOptions other = options(false, 0, 1e-2);
  other.beta1 = 0.8, other.beta2 = 0.95;
  CHECK(max_difference(five_steps(other), Doubles{0.7565824182779989, -1.7886909140913354, 0.5014155792538194}) <=
        1e-6);
  AdamOptions clipped = options(true, 0.1, 1e-2);
  clipped.grad_clip = 0.5;
  CHECK(max_difference(five_steps(clipped), Doubles{0.743659981681808, -1.7363273687787917, 0.4769681838954678}) <=
        1e-6);
}

TEST_CASE("many numbers step as one number does", "[optim]") {
  constexpr index_t N = 40'003;  // several blocks and a rest
  for (const bool decoupled : {false, true}) {
    std::vector<real> x = normals(N, 1), g(x.size());
    std::vector<ScalarAdam> wanted;
    for (const real start : x) wanted.push_back({options(decoupled, 0.05), static_cast<double>(start)});
    Adam adam(x, g, options(decoupled, 0.05));
    for (int t = 1; t <= 4; ++t) {
      refill(g, normals(N, static_cast<std::uint64_t>(10 + t), 0.3, 0.1));
      for (std::size_t i = 0; i < x.size(); ++i) wanted[i].step(static_cast<double>(g[i]), 0.01 * t, t);
      adam.step(0.01 * t);
    }
    std::vector<double> expected;
    for (const ScalarAdam& s : wanted) expected.push_back(s.x);
    CHECK(max_difference(x, expected) <= 3e-5);  // where a gradient is near zero, its rounding shows
    CHECK(adam.steps_done() == 4);
  }
}

TEST_CASE("a step returns the norm before clipping and clears the gradients", "[optim]") {
  std::vector<real> x(3), g{3, 0, -4};
  AdamOptions clipped;
  clipped.grad_clip = 1;
  Adam adam(x, g, clipped);
  CHECK(std::abs(adam.step(0.1) - 5) <= 1e-12);
  CHECK(g == std::vector<real>(3, 0));
  // The first moment is 0.1 of the clipped gradient.
  CHECK(std::abs(static_cast<double>(adam.first_moment()[0]) - 0.1 * 3 / 5) <= 1e-7);
  CHECK(std::abs(static_cast<double>(adam.first_moment()[2]) + 0.1 * 4 / 5) <= 1e-7);
  CHECK(std::abs(static_cast<double>(adam.second_moment()[2]) - 0.001 * 16 / 25) <= 1e-8);
}

TEST_CASE("clipping never makes a gradient larger", "[optim]") {
  std::vector<real> x(2), g{0.3f, 0.4f};
  AdamOptions clipped;
  clipped.grad_clip = 10;
  Adam adam(x, g, clipped);
  CHECK(std::abs(adam.step(0.1) - 0.5) <= 1e-7);
  CHECK(std::abs(static_cast<double>(adam.first_moment()[1]) - 0.04) <= 1e-8);
}

TEST_CASE("a gradient that is not finite changes nothing", "[optim]") {
  for (const real bad : {NAN, static_cast<real>(INFINITY), static_cast<real>(-INFINITY)}) {
    std::vector<real> x{1, 2, 3}, g{0.1f, 0.2f, 0.3f};
    Adam adam(x, g, options(true, 0.1));
    adam.step(0.1);
    const auto before = x;
    const std::vector<real> m(adam.first_moment().begin(), adam.first_moment().end());
    const std::vector<real> v(adam.second_moment().begin(), adam.second_moment().end());
    refill(g, {0.1f, bad, 0.3f});
    CHECK(!std::isfinite(adam.step(0.1)));
    CHECK(x == before);
    CHECK(std::equal(m.begin(), m.end(), adam.first_moment().begin()));
    CHECK(std::equal(v.begin(), v.end(), adam.second_moment().begin()));
    CHECK(adam.steps_done() == 1);
    CHECK(g[0] == 0.1f);
  }
}

TEST_CASE("a run goes on from its moments and its number of steps", "[optim]") {
  const auto gradient = [](std::uint64_t t) { return normals(100, 50 + t); };
  std::vector<real> x = normals(100, 1), y = x, g(100);
  Adam whole(x, g, options(true, 0.01));
  for (std::uint64_t t = 0; t < 6; ++t) refill(g, gradient(t)), whole.step(0.01);

  Adam first(y, g, options(true, 0.01));
  for (std::uint64_t t = 0; t < 3; ++t) refill(g, gradient(t)), first.step(0.01);
  Adam second(y, g, options(true, 0.01));
  std::copy(first.first_moment().begin(), first.first_moment().end(), second.first_moment().begin());
  std::copy(first.second_moment().begin(), first.second_moment().end(), second.second_moment().begin());
  second.set_steps_done(first.steps_done());
  for (std::uint64_t t = 3; t < 6; ++t) refill(g, gradient(t)), second.step(0.01);
  CHECK(x == y);
}

TEST_CASE("the squares of the blocks add up to the sum of squares", "[optim]") {
  for (const index_t N : {0, 1, 15, 16, 17, 16384, 16385, 100'001}) {
    const auto x = normals(N, 5);
    double wanted = 0;
    for (const real r : x) wanted += static_cast<double>(r) * static_cast<double>(r);
    std::vector<double> sums(static_cast<std::size_t>((N + kernels::kSquaresBlock - 1) / kernels::kSquaresBlock));
    kernels::squares_of_blocks(N, x.data(), sums.data());
    CHECK(std::abs(std::accumulate(sums.begin(), sums.end(), 0.0) - wanted) <= 1e-10 * (1 + wanted));
  }
}

}  // namespace qkvbench::testing
