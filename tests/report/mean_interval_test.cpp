// Intervals of a mean against closed forms, and their agreement with the tests.
#include "qkvbench/report/mean_interval.hpp"

#include <cmath>
#include <vector>

#include "support/catch.hpp"

namespace qkvbench::report {

namespace {

using enum Population::Shape;
const Population kShare{kAny, 0, 1};

bool close(double a, double b, double error = 1e-9) { return std::abs(a - b) <= error; }

}  // namespace

TEST_CASE("of zeros and ones the bounds are Clopper and Pearson's", "[interval]") {
  const std::vector<double> none(10, 0), all(10, 1), half{0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  // By hand: (1 − p)¹⁰ = 0.025.
  CHECK(close(mean_interval(none, kShare)->high, 1 - std::pow(.025, .1)));
  CHECK(mean_interval(none, kShare)->low == 0);
  CHECK(close(mean_interval(all, kShare)->low, std::pow(.025, .1)));
  CHECK(mean_interval(all, kShare)->high == 1);
  // scipy 1.10.1 stats.binomtest(5, 10).proportion_ci(0.95, method='exact')
  CHECK(close(mean_interval(half, kShare)->low, 0.187086028, 1e-8));
  CHECK(close(mean_interval(half, kShare)->high, 0.812913972, 1e-8));
}

TEST_CASE("two numbers do not bound the mean by their range", "[interval]") {
  const std::vector<double> two{.4, .6};
  const Interval any = *mean_interval(two, kShare), skewed = *mean_interval(two, {kSkewed, 0, 1}),
                 wide = *mean_interval(two, {kSymmetric, -10, 10});
  CHECK(any.low < .2);
  CHECK(any.low > 0);
  CHECK(any.high > .8);
  CHECK(any.high < 1);
  CHECK(skewed.low == 0);
  CHECK(skewed.high == 1);
  CHECK(close(wide.low, .5 - 12.7062047362 * .1));
  CHECK(close(wide.high, .5 + 12.7062047362 * .1));
}

TEST_CASE("numbers that tell nothing of the spread have no interval", "[interval]") {
  const std::vector<double> one{.5}, equal{.5, .5, .5};
  for (const Population& population : {kShare, Population{kSkewed, 0, 1}, Population{kSymmetric, -1, 1}}) {
    CHECK_FALSE(mean_interval(one, population));
    CHECK_FALSE(mean_sides(one, population, .1));
    CHECK(mean_interval(equal, population).has_value() == (population.shape == kAny));
    CHECK(mean_sides(equal, population, .1).has_value() == (population.shape == kAny));
  }
}

TEST_CASE("an interval's ends are where its test turns, and numbers mirrored give it mirrored", "[interval]") {
  const std::vector<double> x{.12, .99, .15, .97, 1, .14, .13}, mirrored{-.12, -.99, -.15, -.97, -1, -.14, -.13};
  for (const Population::Shape shape : {kAny, kSkewed, kSymmetric})
    for (const double level : {.5, .95, .9917}) {
      const Interval interval = *mean_interval(x, {shape, -1, 1}, level),
                     other = *mean_interval(mirrored, {shape, -1, 1}, level);
      CHECK(close(interval.low, -other.high));
      CHECK(close(interval.high, -other.low));
      const double error = (1 - level) / 2, step = 1e-6;
      if (interval.low > -1) {
        CHECK(mean_sides(x, {shape, -1, 1}, interval.low - step)->above < error);
        CHECK(mean_sides(x, {shape, -1, 1}, interval.low + step)->above > error);
      }
      if (interval.high < 1) {
        CHECK(mean_sides(x, {shape, -1, 1}, interval.high + step)->below < error);
        CHECK(mean_sides(x, {shape, -1, 1}, interval.high - step)->below > error);
      }
    }
}

}  // namespace qkvbench::report
