// The drawn digits: the same on every call, whatever the number of threads, and different from each other.
// Whether a model learns them is not a test; whether a simple rule half does is.
#include "qkvbench/data/glyphs.hpp"

#include <array>
#include <set>

#include "qkvbench/base/parallel.hpp"
#include "support/catch.hpp"

namespace qkvbench::testing {

using data::draw_glyphs;
using data::ImageSet;
using data::Split;

TEST_CASE("a glyph depends on split and number alone", "[data]") {
  const ImageSet set = draw_glyphs(Split::kTrain, 300);
  set_threads(3);
  const ImageSet threaded = draw_glyphs(Split::kTrain, 300), fewer = draw_glyphs(Split::kTrain, 10);
  set_threads(1);
  CHECK(threaded.pixels == set.pixels);
  CHECK(threaded.labels == set.labels);
  CHECK(std::equal(fewer.pixels.begin(), fewer.pixels.end(), set.pixels.begin()));
  std::array<std::uint8_t, 28 * 28> one;
  CHECK(data::draw_glyph(Split::kTrain, 299, one.data()) == set.labels[299]);
  CHECK(std::equal(one.begin(), one.end(), set.image(299)));
  CHECK(draw_glyphs(Split::kTest, 300).pixels != set.pixels);
}

TEST_CASE("glyphs use all classes evenly, and no two are alike", "[data]") {
  const ImageSet train = draw_glyphs(Split::kTrain, 2000), test = draw_glyphs(Split::kTest, 500);
  std::array<int, 10> count{};
  for (const std::int32_t label : train.labels) ++count[static_cast<std::size_t>(label)];
  for (const int n : count) CHECK(std::abs(n - 200) <= 60);
  std::set<std::vector<std::uint8_t>> seen;
  for (const ImageSet* set : {&train, &test})
    for (index_t i = 0; i < set->size(); ++i) {
      const std::vector<std::uint8_t> image(set->image(i), set->image(i) + set->image_bytes());
      CHECK(seen.insert(image).second);
      int lit = 0;
      for (const std::uint8_t pixel : image) lit += pixel > 100 ? 1 : 0;
      CHECK(lit >= 10);   // something is drawn,
      CHECK(lit <= 392);  // and not everywhere
    }
}

TEST_CASE("the nearest mean of a class tells many glyphs, but far from all", "[data]") {
  const ImageSet train = draw_glyphs(Split::kTrain, 2000), test = draw_glyphs(Split::kTest, 500);
  std::vector<double> mean(10 * 784), count(10);
  for (index_t i = 0; i < train.size(); ++i) {
    const auto label = static_cast<std::size_t>(train.labels[static_cast<std::size_t>(i)]);
    count[label] += 1;
    for (std::size_t p = 0; p < 784; ++p) mean[label * 784 + p] += train.image(i)[p];
  }
  int correct = 0;
  for (index_t i = 0; i < test.size(); ++i) {
    std::size_t best = 0;
    double least = 1e300;
    for (std::size_t label = 0; label < 10; ++label) {
      double d = 0;
      for (std::size_t p = 0; p < 784; ++p) {
        const double diff = test.image(i)[p] - mean[label * 784 + p] / count[label];
        d += diff * diff;
      }
      if (d < least) least = d, best = label;
    }
    correct += static_cast<std::int32_t>(best) == test.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  CHECK(correct >= 200);
  CHECK(correct <= 475);
}

}  // namespace qkvbench::testing
