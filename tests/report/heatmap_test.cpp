// The grid of maps as SVG: what is drawn where, and that text cannot become marks.
// How it looks is for eyes.
#include "qkvbench/report/heatmap.hpp"

#include <cstdio>
#include <map>
#include <set>
#include <utility>

#include "support/catch.hpp"
#include "support/picture.hpp"

namespace qkvbench::report {

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// Which cells of a map of side n the path of each colour covers.
std::map<std::string, std::set<std::pair<int, int>>> cells_of(const test::Picture& picture) {
  std::map<std::string, std::set<std::pair<int, int>>> found;
  for (const pugi::xml_node& path : picture.all("g/path")) {
    const std::string d = path.attribute("d").value();
    int column = 0, row = 0, width = 0;
    for (std::size_t at = d.find('M'); at != std::string::npos; at = d.find('M', at + 1)) {
      REQUIRE(std::sscanf(d.c_str() + at, "M%d %dh%d", &column, &row, &width) == 3);
      for (int i = 0; i < width; ++i) found[path.attribute("fill").value()].insert({row, column + i});
    }
  }
  return found;
}

}  // namespace

TEST_CASE("a cell lies at its query's row and its key's column, the darker the larger") {
  const auto cells = cells_of(test::Picture(heatmap_grid_svg({"h"}, {{"m", {0, 0.5, 1, 0, 0, 0, 0.5, 0, 0}}}, 3)));
  REQUIRE(cells.size() == 2);
  const std::set<std::pair<int, int>> half{{0, 1}, {2, 0}}, whole{{0, 2}};
  const auto lightness = [](const std::string& colour) {
    return std::stoi(colour.substr(1, 2), nullptr, 16) + std::stoi(colour.substr(3, 2), nullptr, 16) +
           std::stoi(colour.substr(5, 2), nullptr, 16);
  };
  for (const auto& [colour, at] : cells) {
    CHECK((at == half || at == whole));
    for (const auto& [other, there] : cells)
      if (at == whole && there == half) CHECK(lightness(colour) < lightness(other));
  }
}

TEST_CASE("cells of one step that are neighbours are one piece, zeros are background") {
  const std::string svg = heatmap_grid_svg({"h"}, {{"m", {1, 1, 0, 0, 0, 0, 0, 0, 1}}}, 3);
  CHECK(svg.find("d=\"M0 0h2v1h-2zM2 2h1v1h-1z\"") != std::string::npos);
  CHECK(count(svg, "<path") == 1);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
}

TEST_CASE("the maps of a grid have one scale, which it tells, and an empty one is drawn too") {
  const std::string svg =
      heatmap_grid_svg({"h", "x, y", 2}, {{"a", {0.8, 0, 0, 0.8}}, {"b", {0.4, 0, 0, 0.4}}, {"c", {0, 0, 0, 0}}}, 2);
  CHECK(count(svg, "<path fill=\"#08285c\"") == 1);  // the largest of a alone
  CHECK(count(svg, "<path") == 2);
  CHECK(count(svg, ">0.80</text>") == 1);
  CHECK(count(svg, ">x, y</text>") == 1);
  CHECK(count(svg, "class=\"title\"") == 3);
  CHECK(count(heatmap_svg({"a", {1, 0, 0, 1}}, 2), "#08285c") == 1);
  CHECK(count(heatmap_svg({"a", {1, 0, 0, 1}}, 2, {}, 4), "#08285c") == 0);  // a quarter of what is darkest
}

TEST_CASE("an image is drawn pixel by pixel, large ones thinned out") {
  const test::Picture picture(image_svg({3, 1, 2, {1, 0, 0, 1, 0, 0}}, "i"));
  const auto paths = picture.all("g/path");
  REQUIRE(paths.size() == 2);  // red, then green
  for (const pugi::xml_node& path : paths)
    CHECK(path.attribute("d").value() ==
          std::string(path.attribute("fill").value() == std::string("#f00") ? "M0 0h1v1h-1z" : "M1 0h1v1h-1z"));
  const std::string large = image_svg({1, 100, 64, std::vector<double>(6400, 0.5)}, "i");
  CHECK(large.find("viewBox=\"0 0 16 25\"") != std::string::npos);
}

TEST_CASE("titles and labels are escaped") {
  const std::string svg = heatmap_grid_svg({"a<b", "", 1, {"<", ">"}}, {{"\"x\" & y", {1, 0, 0, 1}}}, 2);
  CHECK(svg.find("a&lt;b") != std::string::npos);
  CHECK(svg.find("&quot;x&quot; &amp; y") != std::string::npos);
  CHECK(count(svg, ">&lt;<") == 2);  // at its row and at its column
  CHECK(count(heatmap_grid_svg({"h", "", 1, {"once", "a"}}, {{"m", {1, 0, 0, 1}}}, 2), ">once<") ==
        1);  // at its row only
}

}  // namespace qkvbench::report
