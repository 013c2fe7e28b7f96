// Escaping, numbers, ticks and markers.
// How pictures look is for eyes.
#include "qkvbench/report/svg.hpp"

#include <clocale>
#include <cmath>
#include <set>

#include "qkvbench/nn/variant.hpp"
#include "qkvbench/report/sections.hpp"
#include "support/catch.hpp"
#include "support/picture.hpp"

namespace qkvbench::report {

namespace {

std::string labels(const std::vector<Tick>& ticks) {
  std::string out;
  for (const Tick& tick : ticks) out += (out.empty() ? "" : " ") + tick.label;
  return out;
}

}  // namespace

TEST_CASE("text cannot become marks, and is always UTF-8 that XML allows") {
  CHECK(escaped("<a href=\"x\">&'") == "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
  CHECK(escaped("α Kᵀ 😀") == "α Kᵀ 😀");
  CHECK(escaped(std::string("\0\x1b[", 3)) == "\uFFFD\uFFFD[");
  CHECK(escaped("\xff\xc0\xaf\xed\xa0\x80z") ==
        "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDz");  // never valid, overlong, surrogate
  CHECK(escaped("\xe2\x82") == "\uFFFD\uFFFD");    // cut short
}

TEST_CASE("every way to make q, k and v has a colour of the page and a marker of its own") {
  const std::string css = page_style();
  std::set<std::string> looks;
  for (const nn::AttentionKind& kind : nn::all_kinds())
    for (const bool plus : {false, true}) {
      const Arm arm{nn::Variant{&kind, plus}.id()};
      const Style style = style_of(arm, Summary());
      INFO(arm.variant);
      CHECK(css.find(".h" + std::to_string(style.hue) + "{") != std::string::npos);
      CHECK(css.find("--h" + std::to_string(style.hue) + ":") != css.rfind("--h" + std::to_string(style.hue) + ":"));
      const std::string drawn = marker_svg(style);
      CHECK(drawn.find(" d=\"M") != std::string::npos);
      looks.insert(drawn.substr(drawn.find(" d=\"")) + (plus ? "+" : ""));
    }
  CHECK(looks.size() == 2 * nn::all_kinds().size());
}

TEST_CASE("ways to share heads of one variant are told apart without colour") {
  Summary summary;
  for (const int kv_heads : {8, 4, 2, 1}) summary.arms.push_back({"q_kv", kv_heads});
  std::set<std::string> shapes, dashes;
  for (const Arm& arm : summary.arms) {
    const std::string drawn = marker_svg(style_of(arm, summary));
    std::string shape;
    for (std::size_t at = 0; (at = drawn.find(" d=\"", at)) != std::string::npos; ++at)
      shape += drawn.substr(at, drawn.find('"', at + 4) - at);
    shapes.insert(shape);
    dashes.insert(style_class(style_of(arm, summary)));
    CHECK(style_of(arm, summary).hue == style_of(summary.arms[0], summary).hue);
  }
  CHECK(shapes.size() == 4);
  CHECK(dashes.size() == 4);
}

TEST_CASE("numbers are short, and the same in every locale") {
  CHECK(short_number(0.5, 2) == "0.5");
  CHECK(short_number(-12, 1) == "-12");
  CHECK(short_number(100, 0) == "100");
  CHECK(short_number(-0.001, 1) == "0");
  CHECK(short_number(NAN, 1) == "–");
  CHECK(short_number(1e300, 1).size() == 301);
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8"})
    if (std::setlocale(LC_NUMERIC, name) != nullptr) CHECK(short_number(1.25, 2) == "1.25");
  std::setlocale(LC_NUMERIC, before.c_str());
}

TEST_CASE("ticks are round, within the range and no more than asked for") {
  CHECK(labels(Axis({0, 1}, 0, 100).ticks(6)) == "0.0 0.2 0.4 0.6 0.8 1.0");
  CHECK(labels(Axis({-3.2, 7.1}, 0, 100).ticks(5)) == "−2 0 2 4 6");
  CHECK(labels(Axis({0.9, 1.003}, 0, 100).ticks(6)) == "0.90 0.92 0.94 0.96 0.98 1.00");
  CHECK(labels(Axis({-1e-3, 1e-3}, 0, 100).ticks(5)) == "−0.0010 −0.0005 0.0000 0.0005 0.0010");
  CHECK(labels(Axis({0.02, 30}, 0, 100, Scale::kLog).ticks(5)) == "0.1 1 10");
  CHECK(labels(Axis({0.4, 6}, 0, 100, Scale::kLog).ticks(5)) == "0.5 1 2 5");
  CHECK(labels(Axis({300, 700}, 0, 100, Scale::kLog).size_ticks(6)) == "384 B 512 B");
  CHECK(labels(Axis({3.2, 3.9}, 0, 100, Scale::kLog).ticks(4)) == "3.2 3.4 3.6 3.8");
  CHECK(labels(Axis({300, 5000}, 0, 100, Scale::kLog).size_ticks(6)) == "512 B 1 KiB 2 KiB 4 KiB");
  CHECK(labels(Axis({1, 1 << 20}, 0, 100, Scale::kLog).size_ticks(6)) == "1 B 16 B 256 B 4 KiB 64 KiB 1 MiB");
}

TEST_CASE("an axis lays values on the picture and holds back those outside") {
  const Axis axis({10, 20}, 100, 0);
  CHECK(axis.at(10) == Approx(100));
  CHECK(axis.at(17.5) == Approx(25));
  CHECK(axis.at(1000) == Approx(0));
  CHECK(Axis({1, 100}, 0, 10, Scale::kLog).at(10) == Approx(5));
  CHECK(axis.holds(20));
  CHECK_FALSE(axis.holds(20.1));
}

TEST_CASE("a range has a least width and a margin") {
  const Interval range = padded_range({1, 1}, 2, 0.25);
  CHECK(range.low == Approx(-0.5));
  CHECK(range.high == Approx(2.5));
}

TEST_CASE("every marker is a picture of its own") {
  std::vector<std::string> seen;
  for (const MarkerShape shape : {MarkerShape::kCircle, MarkerShape::kSquare, MarkerShape::kTriangle,
                                  MarkerShape::kDiamond, MarkerShape::kInverted})
    for (const bool hollow : {false, true}) {
      const std::string svg = marker_svg({1, shape, hollow, 0});
      CHECK_NOTHROW(test::Picture(svg));
      CHECK(std::find(seen.begin(), seen.end(), svg) == seen.end());
      seen.push_back(svg);
    }
  CHECK(style_class({2, MarkerShape::kCircle, false, 0}) == "h2");
  CHECK(style_class({2, MarkerShape::kCircle, false, 3}) == "h2 d3");
}

TEST_CASE("an interval that leaves the axis ends in an arrow") {
  const auto drawn = [](Interval interval) {
    Svg svg(10, 10, "x");
    draw_interval(svg, Axis({0, 10}, 0, 100), interval, 5, "whisker");
    return svg.str();
  };
  CHECK(drawn({2, 4}).find("M20 2L20 8") != std::string::npos);
  CHECK(drawn({-2, 4}).find("M4 2L0 5L4 8") != std::string::npos);
  CHECK(drawn({2, 14}).find("M96 2L100 5L96 8") != std::string::npos);
}

}  // namespace qkvbench::report
