// Gradients of the tape against central differences, for any function of values on a tape.
// For the engine in double precision only: in float the differences would be noise.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/autograd/tape.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

static_assert(sizeof(real) == 8, "gradients are checked with the engine built for double");

/// One argument of the function under test.
struct Input {
  std::string name;
  Shape shape;
  std::vector<real> data;
};

inline Input input(const std::string& name, const Shape& shape, std::uint64_t seed, double deviation = 1,
                   double mean = 0) {
  return {name, shape, normals(shape.elements(), seed, deviation, mean)};
}

/// The function under test: values of the inputs in, one value of any shape out.
using Function = std::function<Value(Tape&, std::span<const Value>)>;

/// How inputs reach the function. An operation has to add to a gradient that is there (kDirect: a parameter's;
/// kTwice: an earlier use's) and to write one that is not (kBehindReshape).
enum class Feed { kDirect, kBehindReshape, kTwice };

struct Options {
  double tolerance = 1e-8;
  double step = 2e-3;  ///< of the wider of the two differences, relative to max(1, |x|)
  RandomContext random = {};
  bool twice = true;  ///< false where a second call does something else (dropout)
};

/// Weights of the scalar Σ w·y: fixed, without any symmetry that an error could hide behind.
inline std::vector<real> scalar_weights(index_t n) { return normals(n, 4711, 1, 0.3); }

/// Σ weights·y as an operation of its own, so that the check does not lean on the operations it checks.
inline Value weighted_sum(Tape& tape, Value y, const real* weights, real factor = 1) {
  const index_t n = y.shape().elements();
  const Value s = tape.new_value({}, y.needs_grad());
  *s.data() = 0;
  for (index_t i = 0; i < n; ++i) *s.data() += factor * weights[i] * y.data()[i];
  tape.on_backward(s, [=, &tape] {
    const real d = *s.grad() * factor;
    real* dy = tape.accumulator(y);
    for (index_t i = 0; i < n; ++i) dy[i] += d * weights[i];
  });
  return s;
}

/// The sum of two numbers on the tape.
inline Value plus(Tape& tape, Value a, Value b) {
  const Value s = tape.new_value({}, true);
  *s.data() = *a.data() + *b.data();
  tape.on_backward(s, [=, &tape] {
    *tape.accumulator(a) += *s.grad();
    *tape.accumulator(b) += *s.grad();
  });
  return s;
}

namespace detail {

/// What an untouched gradient holds before the backward pass: it must be added to, not replaced.
constexpr real kBefore = 0.25;
/// Weight of the second call under Feed::kTwice.
constexpr real kAgain = -1.75;

/// Leaves NaN in the tape's memory and in this thread's scratch.
inline void poison(Tape& tape, RandomContext random) {
  tape.reset();
  std::fill_n(tape.arena().take<real>(1 << 16), 1 << 16, std::numeric_limits<real>::quiet_NaN());
  tape.reset(random);
  poison_scratch();
}

inline real scalar_of(const std::vector<Input>& inputs, const Function& f, const Options& options) {
  Tape tape;
  tape.reset(options.random);
  std::vector<std::vector<real>> grads;
  std::vector<Value> values;
  for (const Input& in : inputs) {
    grads.emplace_back(in.data.size());
    values.push_back(tape.parameter(in.shape, const_cast<real*>(in.data.data()), grads.back().data()));
  }
  const Value y = f(tape, values);
  const auto weights = scalar_weights(y.shape().elements());
  return *weighted_sum(tape, y, weights.data()).data();
}

/// The tape's gradient of every input.
inline std::vector<std::vector<real>> tape_gradients(std::vector<Input>& inputs, const Function& f, Feed feed,
                                                     const Options& options) {
  Tape tape;
  poison(tape, options.random);
  std::vector<std::vector<real>> grads;
  std::vector<Value> values;
  grads.reserve(inputs.size());
  for (Input& in : inputs) {
    grads.emplace_back(in.data.size(), kBefore);
    values.push_back(tape.parameter(in.shape, in.data.data(), grads.back().data()));
    if (feed != Feed::kDirect) values.back() = tape.reshape(values.back(), in.shape);
  }
  const Value y = f(tape, values);
  const auto weights = scalar_weights(y.shape().elements());
  Value s = weighted_sum(tape, y, weights.data());
  if (feed == Feed::kTwice) s = plus(tape, s, weighted_sum(tape, f(tape, values), weights.data(), kAgain));
  tape.backward(s);
  for (auto& grad : grads)
    for (real& x : grad) x -= kBefore;
  return grads;
}

/// d scalar / d x by two central differences and Richardson's extrapolation (error of fourth order).
inline real difference(std::vector<Input>& inputs, const Function& f, real& x, const Options& options) {
  const real x0 = x, h = options.step * std::max<real>(1, std::abs(x0));
  real slope[2];
  for (int i = 0; i < 2; ++i) {
    const real step = i == 0 ? h : h / 2;
    x = x0 + step;
    const real above = scalar_of(inputs, f, options);
    x = x0 - step;
    const real below = scalar_of(inputs, f, options);
    slope[i] = (above - below) / (2 * step);
  }
  x = x0;
  return (4 * slope[1] - slope[0]) / 3;
}

}  // namespace detail

/// Checks the gradient of every element of every input of `f`, however the inputs are fed. The tolerance is relative
/// to the largest gradient of the input (at least 1e-2). A failure names the operation, the input and the element.
inline void check_gradients(const std::string& operation, std::vector<Input> inputs, const Function& f,
                            const Options& options = {}) {
  std::vector<std::vector<real>> wanted;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    wanted.emplace_back();
    for (std::size_t i = 0; i < inputs[k].data.size(); ++i)
      wanted.back().push_back(detail::difference(inputs, f, inputs[k].data[i], options));
  }
  for (const Feed feed : {Feed::kDirect, Feed::kBehindReshape, Feed::kTwice}) {
    if (feed == Feed::kTwice && !options.twice) continue;
    const auto grads = detail::tape_gradients(inputs, f, feed, options);
    const real factor = feed == Feed::kTwice ? 1 + detail::kAgain : 1;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      real scale = 1e-2;
      for (const real g : wanted[k]) scale = std::max(scale, std::abs(g));
      real worst = 0;
      std::size_t at = 0;
      for (std::size_t i = 0; i < wanted[k].size(); ++i) {
        const real diff = std::abs(grads[k][i] - factor * wanted[k][i]);
        if (diff <= worst) continue;
        worst = diff, at = i;
        if (std::isnan(diff)) break;
      }
      INFO(operation << ": input " << k << " (" << inputs[k].name << " " << inputs[k].shape.text() << "), element "
                     << at << ", feed " << static_cast<int>(feed) << ": tape " << grads[k][at] << ", differences "
                     << factor * wanted[k][at]);
      CHECK(worst <= options.tolerance * scale);
    }
  }
}

}  // namespace qkvbench::testing
