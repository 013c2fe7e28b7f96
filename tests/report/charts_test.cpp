// The four charts: well-formed, everything drawn, text escaped; what bands and fronts are.
// How they look is for eyes.
#include "qkvbench/report/charts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/picture.hpp"

namespace qkvbench::report {

namespace {

const std::string kHostile = "<script>\"&'";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

void check_picture(const std::string& svg) {
  const test::Picture picture(svg);
  CHECK(picture.all("script").empty());
  CHECK(count(svg, "nan") == 0);
  CHECK(count(svg, "inf") == 0);
}

/// Whether y = a + b·x for all points, to the tenth of a unit that pictures are written with.
bool on_a_line(const std::vector<test::Point>& points) {
  const test::Point first = points.front(), last = points.back();
  return std::ranges::all_of(points, [&](const test::Point& p) {
    const double share = (p.x - first.x) / (last.x - first.x);
    return std::abs(p.y - (first.y + share * (last.y - first.y))) <= 0.11;
  });
}

/// The picture as it was approved. One that is to be another: look at it, and run the test with QKVBENCH_APPROVE=1.
void check_approved(const std::string& name, const std::string& svg) {
  const std::string path = std::string(SOURCE_DIR "/tests/fixtures/charts/") + name + ".svg";
  if (std::getenv("QKVBENCH_APPROVE") != nullptr) std::ofstream(path, std::ios::binary) << svg;
  INFO("the picture of " << path);
  CHECK(svg == read_file(path));
}

StripChart strip() {
  StripChart chart{"accuracy", "solved", {}, {{0.1, "chance"}, {0.99, "solved"}}, Interval{0, 1}};
  chart.rows.push_back({"q_k_v", {}, {{0.2, "a"}, {1, "b"}, {0.6, "c"}}, 0.6, Interval{0.3, 0.9}, 0.7, 0.5, "1/3"});
  chart.rows.push_back({"q_kv", {2, MarkerShape::kTriangle, true, 1}, {{0.9, "d"}}, {}, {}, {}, {}, "0/1, 2 miss."});
  return chart;
}

}  // namespace

TEST_CASE("in a strip chart everything lies where its number says, a row below the other") {
  const test::Picture picture(strip_svg(strip()));
  const auto dots = picture.all("circle");
  REQUIRE(dots.size() == 4);
  const auto whisker = picture.all("path", {"whisker"});
  REQUIRE(whisker.size() == 1);
  const std::vector<test::Point> ends = test::corners(whisker[0]);
  const auto others = picture.all("path", {"other"});
  REQUIRE(others.size() == 2);
  const auto middle_of = [](const pugi::xml_node& cross) {
    return (test::corners(cross)[0].x + test::corners(cross)[1].x) / 2;
  };
  std::vector<test::Point> places{{0.2, test::attribute(dots[0], "cx")}, {0.3, ends[0].x},
                                  {0.5, middle_of(others[1])},           {0.6, test::attribute(dots[2], "cx")},
                                  {0.7, middle_of(others[0])},           {0.9, ends[1].x},
                                  {0.9, test::attribute(dots[3], "cx")}, {1, test::attribute(dots[1], "cx")}};
  for (const auto& guide : picture.all("path", {"guide"}))
    places.insert(places.end() - 1, {test::corners(guide)[0].x < 200 ? 0.1 : 0.99, test::corners(guide)[0].x});
  CHECK(on_a_line(places));
  CHECK(places.back().y - places.front().y > 100);
  for (std::size_t i = 0; i < 3; ++i) CHECK(test::attribute(dots[i], "cy") + 10 < test::attribute(dots[3], "cy"));
  check_approved("strip", strip_svg(strip()));
}

TEST_CASE("learning curves go from left to right, and down where the loss falls") {
  CurvesChart chart{"loss", Scale::kLog, {}};
  chart.lines.push_back({"q_k_v", {}, {{0.25, 2, 1.5, 3}, {0.5, 1, 0.8, 1.2}, {1, 0.1, 0.05, 0.2}}});
  const std::string svg = curves_svg(chart);
  const test::Picture picture(svg);
  REQUIRE(picture.all("path", {"line"}).size() == 1);
  const std::vector<test::Point> line = test::corners(picture.all("path", {"line"})[0]);
  REQUIRE(line.size() == 3);
  CHECK(on_a_line({{0.25, line[0].x}, {0.5, line[1].x}, {1, line[2].x}}));
  CHECK(on_a_line({{std::log(2), line[0].y}, {0, line[1].y}, {std::log(0.1), line[2].y}}));
  CHECK(line[2].x > line[0].x);
  CHECK(line[2].y > line[0].y);  // SVG counts downward
  check_approved("curves", svg);
}

TEST_CASE("in a forest plot a loss lies left of zero and an interval around its effect") {
  ForestChart chart{"accuracy minus that of q_k_v, points", "p", "worse", "better", {}};
  chart.rows.push_back({"q_kv", {}, -3, Interval{-5, -1}, "0.012"});
  chart.rows.push_back({"qk_v", {}, 1, Interval{-0.5, 2.5}, "0.2"});
  const std::string svg = forest_svg(chart);
  const test::Picture picture(svg);
  const double zero = test::corners(picture.all("path", {"zero"}).at(0))[0].x;
  const auto whiskers = picture.all("path", {"whisker"});
  REQUIRE(whiskers.size() == 2);
  const std::vector<test::Point> loss = test::corners(whiskers[0]), gain = test::corners(whiskers[1]);
  CHECK(on_a_line({{-5, loss[0].x}, {-1, loss[1].x}, {-0.5, gain[0].x}, {0, zero}, {2.5, gain[1].x}}));
  CHECK(loss[1].x < zero);
  CHECK(loss[0].y < gain[0].y);
  check_approved("forest", svg);
}

TEST_CASE("in a Pareto chart more bytes lie further right and more quality higher") {
  ParetoChart chart{"accuracy", true, {}, {}};
  chart.points.push_back({"qkv", {}, 512, 0.5, {}});
  chart.points.push_back({"q_kv", {}, 1024, 0.8, Interval{0.7, 0.9}});
  chart.points.push_back({"q_k_v", {}, 4096, 0.9, {}});
  const std::string svg = pareto_svg(chart);
  const test::Picture picture(svg);
  const std::vector<test::Point> stairs = test::corners(picture.all("path", {"front"}).at(0));
  REQUIRE(stairs.size() == 6);  // each marker, a corner between two, and on to the edge
  CHECK(on_a_line({{std::log(512), stairs[0].x}, {std::log(1024), stairs[2].x}, {std::log(4096), stairs[4].x}}));
  CHECK(on_a_line({{0.5, stairs[0].y}, {0.8, stairs[2].y}, {0.9, stairs[4].y}}));
  CHECK(stairs[4].x > stairs[0].x);
  CHECK(stairs[4].y < stairs[0].y);
  check_approved("pareto", svg);
}

TEST_CASE("a strip chart has a dot for every run, a mean and an interval where they are known") {
  StripChart chart{"accuracy", "solved", {}, {{0.1, "chance"}, {0.99, "solved"}}, Interval{0, 1}};
  chart.rows.push_back(
      {kHostile, {}, {{0.2, kHostile}, {1, "b"}, {0.6, "c"}}, 0.6, Interval{-0.4, 1.6}, 0.7, 0.5, "1/3"});
  chart.rows.push_back({"q_kv", {2, MarkerShape::kTriangle, true, 1}, {{0.9, "d"}}, {}, {}, {}, {}, "0/1, 2 miss."});
  const std::string svg = strip_svg(chart);
  check_picture(svg);
  CHECK(count(svg, "<circle") == 4);
  CHECK(count(svg, "whisker") == 1);
  CHECK(count(svg, "class=\"other\"") == 2);
  CHECK(count(svg, "2 miss.") == 1);
  CHECK(count(svg, ">solved<") == 2);
  CHECK(count(svg, ">1.2<") == 0);  // no tick where no accuracy can be
}

TEST_CASE("equal values, and none at all, make a picture too") {
  StripChart chart{"accuracy", "runs", {}, {}, {}};
  chart.rows.push_back({"a", {}, {{1, "r"}, {1, "s"}}, 1.0, Interval{1, 1}, {}, {}, "2"});
  check_picture(strip_svg(chart));
  chart.rows[0].dots.clear();
  chart.rows[0].mean.reset();
  chart.rows[0].interval.reset();
  check_picture(strip_svg(chart));
}

TEST_CASE("a band is mean and middle half of the runs, laid over each other by their share") {
  // Two points against four: the short run's first point stands for the first half.
  const std::vector<BandPoint> band = band_of({{{0.5, 1}, {1, 3}}, {{0.25, 2}, {0.5, 2}, {0.75, 4}, {1, 8}}});
  REQUIRE(band.size() == 4);
  CHECK(band[0].mean == Approx(1.5));
  CHECK(band[1].mean == Approx(1.5));
  CHECK(band[2].mean == Approx(3.5));
  CHECK(band[3].mean == Approx(5.5));
  CHECK(band[3].low == Approx(4.25));
  CHECK(band[3].high == Approx(6.75));
  CurveOfRun longest;
  for (int i = 1; i <= 1000; ++i) longest.emplace_back(i / 1000.0, i);
  CHECK(band_of({longest}).size() == 60);
  CHECK(band_of({longest}).back().mean == Approx(1000));
  CHECK(band_of({}).empty());
}

TEST_CASE("curves are labelled at their ends; without points there is no picture") {
  CurvesChart chart{"loss", Scale::kLog, {}};
  CHECK(curves_svg(chart).empty());
  chart.lines.push_back({"empty", {}, {}});
  CHECK(curves_svg(chart).empty());
  for (int i = 0; i < 10; ++i)
    chart.lines.push_back({kHostile, {i % 5, MarkerShape::kSquare, i > 4, i % 8}, {{0.5, 2, 1, 3}, {1, 1, 0, 2}}});
  const std::string svg = curves_svg(chart);
  check_picture(svg);
  CHECK(count(svg, " line\"") == 10);
  CHECK(count(svg, " band faint\"") == 10);
}

TEST_CASE("labels are moved apart and keep their order") {
  const std::vector<double> out = spread_out({5, 5, 5, 100}, 10, 0, 100);
  CHECK(out == std::vector<double>{5, 15, 25, 100});
  CHECK(spread_out({99, 98}, 10, 0, 100) == std::vector<double>{100, 90});
}

TEST_CASE("a forest plot has a row for every difference and cuts what would flatten the others") {
  ForestChart chart{"accuracy minus that of q_k_v, points", "p", "worse", "better", {}};
  CHECK(forest_svg(chart).empty());
  chart.rows.push_back({kHostile, {}, -3, Interval{-5, -1}, "0.012 · 9"});
  chart.rows.push_back({"q_kv", {}, 1, Interval{-0.5, 2.5}, "0.2 · 9"});
  chart.rows.push_back({"qkv", {}, 2, Interval{-1000, 1004}, "– · 2"});
  chart.rows.push_back({"qk_v", {}, 0, {}, "– · 1"});
  const std::string svg = forest_svg(chart);
  check_picture(svg);
  CHECK(count(svg, "whisker") == 3);
  CHECK(count(svg, "← worse") == 1);
  CHECK(count(svg, ">1000<") == 0);
}

TEST_CASE("on the front is what no other beats in both, ties included") {
  const auto front = [](std::vector<std::pair<double, double>> at, bool higher) {
    std::vector<ParetoPoint> points;
    for (const auto& [bytes, quality] : at) points.push_back({"p", {}, bytes, quality, {}});
    return pareto_front(points, higher);
  };
  CHECK(front({{100, 0.9}, {50, 0.8}, {50, 0.7}, {200, 0.9}}, true) == std::vector<bool>{true, true, false, false});
  CHECK(front({{100, 5}, {50, 6}, {50, 7}, {200, 4}}, false) == std::vector<bool>{true, true, false, true});
  CHECK(front({{50, 0.8}, {50, 0.8}}, true) == std::vector<bool>{true, true});
}

TEST_CASE("a Pareto chart rings the front, also of a single point") {
  ParetoChart chart{"perplexity", false, {}, {}};
  CHECK(pareto_svg(chart).empty());
  chart.points.push_back({kHostile, {}, 1024, 5, Interval{4, 6}});
  check_picture(pareto_svg(chart));
  chart.points.push_back({"q_kv", {}, 512, 5.5, {}});
  chart.points.push_back({"qkv", {}, 512, 6, {}});
  const std::string svg = pareto_svg(chart);
  check_picture(svg);
  CHECK(count(svg, "class=\"ring\"") == 2);
  CHECK(count(svg, "KiB") == 1);
}

}  // namespace qkvbench::report
