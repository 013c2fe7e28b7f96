// The statistics against numbers that others computed, and against what must hold of them.
// Fixed data; nothing here asks scipy when it runs.
#include "qkvbench/report/statistics.hpp"

#include <cmath>
#include <limits>

#include "qkvbench/base/error.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::report {

using testing::check_error;

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

void check_close(double value, double expected, double relative) {
  INFO(value << " must be " << expected);
  CHECK(std::abs(value - expected) <= relative * std::abs(expected));
}

void check_interval(const std::optional<Interval>& interval, double low, double high, double relative = 1e-8) {
  REQUIRE(interval);
  check_close(interval->low, low, relative);
  check_close(interval->high, high, relative);
}

/// argument, degrees of freedom, value
struct Row {
  double x, df, value;
};

// mpmath 1.3.0, betainc(df/2, 1/2, 0, df/(df + t²), regularized=True)/2 with 40 digits; scipy 1.10.1's stats.t.cdf
// agrees to 1e-12.
constexpr Row kCdf[]{
    {-40, 0.5, 0.050704899964747178},   {-5, 0.5, 0.1429957015794294},      {-0.3, 0.5, 0.42242957606524541},
    {1e-06, 0.5, 0.50000026967630059},  {1.96, 0.5, 0.77513851113081043},   {-40, 1, 0.0079560899120258133},
    {-5, 1, 0.062832958189001184},      {-0.3, 1, 0.40722642092225766},     {1e-06, 1, 0.50000031830988618},
    {1.96, 1, 0.84982855411198343},     {-40, 2, 0.00031220733609237032},   {-5, 2, 0.018874775675311863},
    {-0.3, 2, 0.39624283042008881},     {1e-06, 2, 0.50000035355339059},    {1.96, 2, 0.90547134519913387},
    {-40, 2.5, 7.0978171452466915e-5},  {-5, 2.5, 0.011725594985430924},    {-0.3, 2.5, 0.39367118574759861},
    {1e-06, 2.5, 0.50000036180872403},  {1.96, 2.5, 0.918526217763593},     {-40, 9, 9.4914992246699132e-12},
    {-5, 9, 0.00036948395490162135},    {-0.3, 9, 0.38549535187076245},     {1e-06, 9, 0.50000038803490887},
    {1.96, 9, 0.95917779726979168},     {-40, 107, 1.7641395069053902e-66}, {-5, 107, 1.1276865270340628e-6},
    {-0.3, 107, 0.38237959672243679},   {1e-06, 107, 0.50000039801127387},  {1.96, 107, 0.97370188665098607},
    {-5, 1e+06, 2.8669989354453708e-7}, {-0.3, 1e+06, 0.3820886089894971},  {1e-06, 1e+06, 0.50000039894218067},
    {1.96, 1e+06, 0.9750019662073651}};

// The root of the same function; scipy 1.10.1's stats.t.ppf agrees to 3e-9.
constexpr Row kQuantiles[]{{1e-12, 0.5, -1.0284911563163401e+23},
                           {0.025, 0.5, -164.55767348048851},
                           {0.4999, 0.5, -0.00037081496095445098},
                           {0.6, 0.5, 0.39797542678479059},
                           {0.9995, 0.5, 411396.46252626201},
                           {1e-12, 1, -318309886183.79068},
                           {0.025, 1, -12.706204736174704},
                           {0.4999, 1, -0.00031415927569437069},
                           {0.6, 1, 0.32491969623290625},
                           {0.9995, 1, 636.61924876878973},
                           {1e-12, 2, -707106.78118548687},
                           {0.025, 2, -4.3026527297494637},
                           {0.4999, 2, -0.00028284271813144228},
                           {0.6, 2, 0.28867513459481282},
                           {0.9995, 2, 31.599054576445363},
                           {1e-12, 2.5, -55306.174076515816},
                           {0.025, 2.5, -3.5746548420036831},
                           {0.4999, 2.5, -0.00027638913918027352},
                           {0.6, 2.5, 0.28145951274854759},
                           {0.9995, 2.5, 18.277893528131458},
                           {1e-12, 9, -51.414916023282231},
                           {0.025, 9, -2.2621571627982055},
                           {0.4999, 9, -0.00025770877553428197},
                           {0.6, 9, 0.26095533647391095},
                           {0.9995, 9, 4.7809125859312179},
                           {1e-12, 107, -7.9541606109003875},
                           {0.025, 107, -1.9823833701756911},
                           {0.4999, 107, -0.00025124916711466626},
                           {0.6, 107, 0.25397795416615444},
                           {0.9995, 107, 3.3837853661030382},
                           {1e-12, 1e+06, -7.0345726084112566},
                           {0.025, 1e+06, -1.959966356814107},
                           {0.4999, 1e+06, -0.00025066289275372678},
                           {0.6, 1e+06, 0.25334717053784162},
                           {0.9995, 1e+06, 3.2905364612487221}};

// Table 1's REVERSE and SORT-like numbers, one pair for each of seven runs.
const std::vector<double> kFirst{0.698, 0.705, 0.718, 0.701, 0.514, 0.581, 0.9993};
const std::vector<double> kSecond{0.529, 0.475, 0.522, 0.51, 0.295, 0.37, 0.9991};

std::vector<double> differences() {
  std::vector<double> out;
  for (std::size_t i = 0; i < kFirst.size(); ++i) out.push_back(kFirst[i] - kSecond[i]);
  return out;
}

}  // namespace

TEST_CASE("Student's distribution agrees with independently computed values") {
  for (const Row& row : kCdf) {
    INFO("t " << row.x << ", df " << row.df);
    check_close(student_cdf(row.x, row.df), row.value, row.df < 1e5 ? 1e-12 : 1e-10);
    // The other side: to the precision that a number near 1 can have.
    CHECK(std::abs(student_cdf(-row.x, row.df) - (1 - row.value)) <= 1e-12);
  }
  for (const Row& row : kQuantiles) {
    INFO("p " << row.x << ", df " << row.df);
    check_close(student_quantile(row.x, row.df), row.value, row.df < 1e5 ? 1e-12 : 1e-10);
    check_close(student_cdf(row.value, row.df), row.x, row.df < 1e5 ? 1e-11 : 1e-9);
  }
}

TEST_CASE("Student's distribution at its ends") {
  CHECK(student_cdf(0, 3) == 0.5);
  CHECK(student_cdf(kInfinite, 3) == 1);
  CHECK(student_cdf(-kInfinite, 3) == 0);
  CHECK(student_quantile(0.5, 3) == 0);
  CHECK(student_quantile(0, 3) == -kInfinite);
  CHECK(student_quantile(1, 3) == kInfinite);
  // Cauchy's distribution in closed form, far beyond where t² overflows.
  for (const double p : {1e-300, 1e-200, 1e-20}) check_close(student_quantile(p, 1), -1 / (M_PI * p), 1e-12);
  CHECK(student_cdf(-40, 1e6) <= 1e-300);
  for (const double bad : {0.0, -1.0, std::nan("")}) {
    check_error(Exit::kInternal, {"degrees of freedom"}, [&] { student_cdf(1, bad); });
    check_error(Exit::kInternal, {"degrees of freedom"}, [&] { student_quantile(0.1, bad); });
  }
  for (const double bad : {-0.1, 1.1, std::nan("")})
    check_error(Exit::kInternal, {"no probability"}, [&] { student_quantile(bad, 3); });
}

TEST_CASE("mean, deviation and t intervals agree with numpy and scipy") {
  // Intervals to the 3e-9 that scipy's quantile has. numpy.mean, numpy.std(ddof=1), scipy 1.10.1
  // stats.t.interval(level, 6, mean, stats.sem(x))
  check_close(mean(kFirst), 0.7023285714285715, 1e-15);
  check_close(*deviation(kFirst), 0.15201619118025678, 1e-14);
  check_interval(t_interval(kFirst), 0.5617370434752208, 0.8429200993819222);
  check_interval(t_interval(kFirst, 0.8), 0.6196049291827159, 0.7850522136744271);
  check_interval(t_interval(kFirst, 0.999), 0.35995454109979363, 1.0447026017573569);
}

TEST_CASE("what one number cannot tell does not exist") {
  const std::vector<double> one{0.25};
  CHECK(mean(one) == 0.25);
  CHECK_FALSE(deviation(one));
  CHECK_FALSE(t_interval(one));
  const PairedTest test = paired_test(one);
  CHECK(test.n == 1);
  CHECK(test.mean == 0.25);
  CHECK_FALSE(test.deviation);
  CHECK_FALSE(test.t);
  CHECK_FALSE(test.p);
  CHECK_FALSE(test.interval);
  CHECK_FALSE(deviation({}));
  check_error(Exit::kInternal, {"mean"}, [] { mean({}); });
  check_error(Exit::kInternal, {"mean"}, [] { paired_test({}); });
}

TEST_CASE("equal numbers have exactly their mean and no deviation") {
  for (const double x : {0.1, 0.7, 1.0 / 3, 1e300, -2e-300, 0.0}) {
    const std::vector<double> equal(7, x);
    CHECK(mean(equal) == x);
    CHECK(*deviation(equal) == 0);
    CHECK(t_interval(equal)->low == x);
    CHECK(t_interval(equal)->high == x);
    const PairedTest test = paired_test(equal);
    CHECK_FALSE(test.t);
    CHECK(*test.p == (x == 0 ? 1 : 0));
  }
}

TEST_CASE("the paired test agrees with scipy's ttest_rel") {
  // scipy 1.10.1 stats.ttest_rel(first, second), .confidence_interval(0.95)
  const PairedTest test = paired_test(differences());
  CHECK(test.n == 7);
  check_close(test.mean, 0.17374285714285712, 1e-14);
  check_close(*test.deviation, 0.07909274844853262, 1e-13);
  check_close(*test.t, 5.811915770924894, 1e-12);
  check_close(*test.p, 0.0011392134107051396, 1e-12);
  check_interval(test.interval, 0.10059426508779319, 0.24689144919792105);
  const std::vector<double> two{5.27 - 5.11, 5.36 - 5.19};
  check_close(*paired_test(two).t, 32.99999999999769, 1e-12);
  check_close(*paired_test(two).p, 0.01928560654365011, 1e-12);
}

TEST_CASE("Holm's adjustment is the one of its definition") {
  // By hand: sorted 0.005·4, 0.01·3, 0.03·2, 0.04·1, and none below the one before.
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005}, adjusted = holm(p);
  const std::vector<double> expected{0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < p.size(); ++i) check_close(adjusted[i], expected[i], 1e-15);
  CHECK(holm({}).empty());
  const std::vector<double> single{0.2}, large{0.6, 0.5, 0.9}, equal{0.01, 0.01, 0.01};
  CHECK(holm(single) == single);
  CHECK(holm(large) == std::vector<double>{1, 1, 1});
  CHECK(holm(equal) == std::vector<double>{0.03, 0.03, 0.03});
}

TEST_CASE("Wilson's interval agrees with scipy's") {
  // scipy 1.10.1 stats.binomtest(k, n).proportion_ci(level, method='wilson')
  struct Case {
    std::int64_t k, n;
    double level, low, high;
  };
  for (const Case& c : {Case{62, 108, 0.95, 0.4798518547874812, 0.6632077956204364},
                        {0, 3, 0.95, 0.0, 0.5614970317550454},
                        {3, 3, 0.95, 0.4385029682449546, 1.0},
                        {1, 3, 0.95, 0.06149194472039626, 0.7923403991979523},
                        {108, 108, 0.95, 0.9656526402534429, 1.0},
                        {1, 1000000, 0.95, 1.765245767453709e-07, 5.664911804311442e-06},
                        {17, 40, 0.99, 0.24890358835262438, 0.6224373936735133}}) {
    INFO(c.k << " of " << c.n);
    check_interval(wilson_interval(c.k, c.n, c.level), c.low, c.high, 1e-10);
  }
  check_error(Exit::kInternal, {"0 of 0"}, [] { wilson_interval(0, 0); });
  check_error(Exit::kInternal, {"4 of 3"}, [] { wilson_interval(4, 3); });
  check_error(Exit::kInternal, {"level"}, [] { wilson_interval(1, 3, 1); });
}

TEST_CASE("Fisher's tail is Student's at one degree of freedom, and that of the tables", "[statistics]") {
  for (const double t : {0.5, 2.0, 4.302652729911275})
    for (const double df : {2.0, 7.0, 30.0})
      CHECK(std::abs(fisher_tail(t * t, 1, df) - 2 * student_cdf(-t, df)) <= 1e-12);
  CHECK(std::abs(fisher_tail(3.0984, 3, 20) - 0.05) <= 1e-5);  // tables: 3.0984 at 5 %, 4.9382 at 1 %
  CHECK(std::abs(fisher_tail(4.9382, 3, 20) - 0.01) <= 1e-6);
  CHECK(fisher_tail(0, 3, 20) == 1);
}

TEST_CASE("lack of fit: means on a line fit it, means beside it do not, by their groups' own spread", "[statistics]") {
  const std::vector<double> x{0, 1, 2};
  const std::vector<std::vector<double>> line{{0, 2}, {1, 3}, {2, 4}};
  CHECK(*lack_of_fit(x, line) == 1);
  // The middle is 1.5 above: of means 2·(0.5² + 1² + 0.5²) = 3 with one degree of freedom, within 6 with three, F
  // = 1.5.
  const std::vector<std::vector<double>> bent{{0, 2}, {2.5, 4.5}, {2, 4}};
  CHECK(std::abs(*lack_of_fit(x, bent) - 2 * student_cdf(-std::sqrt(1.5), 3)) <= 1e-12);
  CHECK_FALSE(lack_of_fit(std::vector<double>{0, 1}, std::vector<std::vector<double>>{{0, 2}, {1, 3}}));
  CHECK_FALSE(lack_of_fit(x, std::vector<std::vector<double>>{{0}, {1}, {5}}));
}

}  // namespace qkvbench::report
