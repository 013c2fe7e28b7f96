// From bytes to batches: normalisation, crops and flips, sizes, and which image is whose split.
// Files play no part; sets are made in memory or drawn.
#include "qkvbench/data/image_dataset.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "data/image_fixtures.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/data/vision.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/numbers.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

namespace {

using data::ImageSet;
using data::Split;

/// Two channels of 6 × 6 that name their place: no two bytes of an image are equal, none is 0.
std::shared_ptr<const ImageSet> places(index_t n) {
  ImageSet set{2, 6, n, {}, {}, {}};
  for (index_t i = 0; i < n; ++i) {
    for (int p = 1; p <= 72; ++p) set.pixels.push_back(static_cast<std::uint8_t>(p + i));
    set.labels.push_back(static_cast<std::int32_t>(i));
  }
  return std::make_shared<const ImageSet>(set);
}

/// A byte stays itself.
data::PixelValues same() { return {{0, 0}, {1 / 255.0, 1 / 255.0}}; }

std::vector<real> features(const data::Dataset& dataset, std::vector<index_t> indices, index_t epoch) {
  Batch batch;
  dataset.fill_in_epoch(indices, epoch, batch);
  return batch.features;
}

}  // namespace

TEST_CASE("bytes become (byte/255 - mean) / deviation, channel by channel", "[data]") {
  const auto data = data::image_dataset(places(3), {{0.1, 0.4}, {0.5, 0.25}}, {{2, 0}, 6, false, 0});
  CHECK(data->size() == 2);
  CHECK(data->targets_per_example() == 1);
  Batch batch;
  data->fill(std::vector<index_t>{0, 1, 0}, batch);
  CHECK(batch.input == Shape{3, 2, 6, 6});
  CHECK(batch.targets == std::vector<std::int32_t>{2, 0, 2});
  REQUIRE(batch.features.size() == 3 * 72);
  for (std::size_t p = 0; p < 72; ++p) {
    const double mean = p < 36 ? 0.1 : 0.4, deviation = p < 36 ? 0.5 : 0.25;
    CHECK(std::abs(static_cast<double>(batch.features[72 + p]) -
                   ((static_cast<double>(p) + 1) / 255 - mean) / deviation) <= 1e-6);
  }
  data->fill(std::vector<index_t>{1}, batch);
  CHECK(batch.features.size() == 72);
}

TEST_CASE("every crop and flip is a shifted or turned image, and all happen about equally often", "[data]") {
  const auto data = data::image_dataset(places(1), same(), {std::vector<index_t>(1, 0), 6, true, 3});
  std::map<std::tuple<index_t, index_t, bool>, int> seen;
  for (index_t epoch = 0; epoch < 4000; ++epoch) {
    const std::vector<real> got = features(*data, {0}, epoch);
    int matches = 0;
    for (index_t dy = -4; dy <= 4; ++dy)
      for (index_t dx = -4; dx <= 4; ++dx)
        for (const bool flip : {false, true}) {
          bool equal = true;
          for (index_t i = 0; i < 72 && equal; ++i) {
            const index_t y = i % 36 / 6 + dy, x0 = i % 6, x = (flip ? 5 - x0 : x0) + dx;
            const real wanted = y >= 0 && y < 6 && x >= 0 && x < 6 ? static_cast<real>(i / 36 * 36 + y * 6 + x + 1) : 0;
            equal = std::abs(static_cast<double>(got[static_cast<std::size_t>(i)] - wanted)) <= 1e-4;
          }
          if (equal) ++matches, ++seen[{dy, dx, flip}];
        }
    REQUIRE(matches == 1);
  }
  CHECK(seen.size() == 162);
  int flips = 0;
  for (const auto& [shift, n] : seen) {
    CHECK(n <= 60);  // 24.7 on average
    flips += std::get<2>(shift) ? n : 0;
  }
  CHECK(std::abs(flips - 2000) <= 150);
}

TEST_CASE("augmentation follows from seed, epoch and example alone; fill() does without", "[data]") {
  const std::vector<index_t> all{0, 1, 2, 3};
  const auto make = [&](std::uint64_t seed, bool augment = true) {
    return data::image_dataset(places(4), same(), {all, 6, augment, seed});
  };
  const auto data = make(1);
  const std::vector<real> first = features(*data, {0, 1, 2, 3}, 5);
  CHECK(features(*data, {2}, 5) == std::vector<real>(first.begin() + 144, first.begin() + 216));
  CHECK(features(*make(1), {0, 1, 2, 3}, 5) == first);
  CHECK(features(*data, {0, 1, 2, 3}, 6) != first);
  CHECK(features(*make(2), {0, 1, 2, 3}, 5) != first);
  set_threads(3);
  CHECK(features(*data, {0, 1, 2, 3}, 5) == first);
  set_threads(1);
  Batch plain;
  data->fill(all, plain);
  CHECK(plain.features == features(*make(1, false), {0, 1, 2, 3}, 5));
  CHECK(plain.features[10] == Approx(11));
}

TEST_CASE("images of another size are resampled by the batch", "[data]") {
  const auto data = data::image_dataset(places(1), same(), {{0}, 3, false, 0});
  const std::vector<real> got = features(*data, {0}, 0);
  REQUIRE(got.size() == 18);
  CHECK(got[0] == Approx(5));  // the mean of 1, 2, 7, 8 is 4.5
}

TEST_CASE("means and deviations of a folder are those of its training images", "[data]") {
  const test::TemporaryDirectory dir;
  std::vector<std::uint8_t> pixels(3 * 16, 0);
  for (std::size_t i = 0; i < 16; ++i) pixels[i] = i % 2 == 0 ? 50 : 150, pixels[16 + i] = 255;
  dir.write("train/a/x.png", test::png({3, 4, 4, pixels}));
  data::TaskOptions options;
  options.id = "images", options.data = dir.path(), options.image_size = 4;
  const data::Task& task = data::find_task("images");
  task.complete(options);
  CHECK(options.channels == 3);
  CHECK(options.classes == 1);
  CHECK(options.n_train == 1);
  CHECK(options.n_test == 0);
  Batch batch;
  task.open(options)->split(Split::kTrain)->fill(std::vector<index_t>{0}, batch);
  CHECK(batch.features[0] == Approx(-1));
  CHECK(batch.features[1] == Approx(1));
  CHECK(std::abs(batch.features[16]) <= 1e-6);  // all alike: a deviation of 1 in place of 0
  CHECK(task.open(options)->split(Split::kTest)->size() == 0);
  const data::DataFacts facts = task.open(options)->facts();
  CHECK(facts.files.size() == 1);
  CHECK(facts.class_names == std::vector<std::string>{"a"});
  CHECK(facts.pixels->mean[0] == Approx(100 / 255.0));
  CHECK(facts.pixels->deviation[0] == Approx(50 / 255.0));
}

TEST_CASE("training, validation and test share no image", "[data]") {
  const test::TemporaryDirectory dir;  // MNIST's form, each image its own number
  std::string train, test;
  for (int i = 0; i < 50; ++i) train += std::string(4, static_cast<char>(i));
  for (int i = 100; i < 120; ++i) test += std::string(4, static_cast<char>(i));
  dir.write("train-images-idx3-ubyte", test::idx({50, 2, 2}, train));
  dir.write("train-labels-idx1-ubyte", test::idx({50}, std::string(50, '\1')));
  dir.write("t10k-images-idx3-ubyte", test::idx({20, 2, 2}, test));
  dir.write("t10k-labels-idx1-ubyte", test::idx({20}, std::string(20, '\1')));
  const data::Task& task = data::find_task("mnist");
  data::TaskOptions options;
  options.id = "mnist", options.data = dir.path(), options.n_val = 10, options.n_test = 7;
  task.complete(options);
  CHECK(options.n_train == 40);
  CHECK(options.image_size == 2);
  CHECK(options.classes == 10);
  const auto images = [&](const data::TaskOptions& o, Split split) {
    const auto dataset = task.open(o)->split(split);
    std::vector<real> out;
    for (index_t i = 0; i < dataset->size(); ++i) out.push_back(features(*dataset, {i}, 0)[0]);
    return out;
  };
  const auto trained = images(options, Split::kTrain), chosen = images(options, Split::kValidation),
             tested = images(options, Split::kTest);
  CHECK(trained.size() == 40);
  CHECK(chosen.size() == 10);
  CHECK(tested.size() == 7);
  std::set<real> all(trained.begin(), trained.end());
  all.insert(chosen.begin(), chosen.end());
  CHECK(all.size() == 50);
  all.insert(tested.begin(), tested.end());
  CHECK(all.size() == 57);
  // Fewer to train on are the first of the same; another seed changes nothing.
  options.n_train = 15, options.seed = 9;
  CHECK(images(options, Split::kTrain) == std::vector<real>(trained.begin(), trained.begin() + 15));
  CHECK(images(options, Split::kValidation) == chosen);

  options.n_train = 41;
  check_error(Exit::kUsage, {"--n-train and --n-val", "51", "50"}, [&] { task.open(options)->split(Split::kTrain); });
  // Sizes that contradict the images are an error before any is read, complete options or not.
  for (const index_t n_train : {index_t{40}, index_t{0}}) {
    data::TaskOptions other = options;
    other.n_train = n_train, other.channels = 3;
    check_error(Exit::kUsage, {"1 channels, not 3"}, [&] { task.complete(other); });
    other.channels = 1, other.classes = 5;
    check_error(Exit::kUsage, {"10 classes", "--classes"}, [&] { task.complete(other); });
  }
}

TEST_CASE("every set names each of its classes, and facts tell names and normalisation", "[data]") {
  for (const data::ImageSource& source : data::image_sources()) {
    INFO(source.id);
    const std::vector<std::string> names = data::class_names(source, {});
    CHECK(static_cast<index_t>(names.size()) == (source.decoded() ? 0 : source.published.classes));
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
  }
  data::TaskOptions options;
  options.id = "glyphs", options.n_train = 5, options.n_test = 5;
  data::find_task("glyphs").complete(options);
  const data::DataFacts facts = data::find_task("glyphs").open(options)->facts();
  CHECK(facts.class_names[7] == "7");
  CHECK(facts.pixels->mean == data::find_image_source("glyphs").mean);
  // A trained model's normalisation comes before the set's own.
  options.pixels = data::Normalisation{{0}, {1 / 255.0}};
  Batch batch;
  data::find_task("glyphs").open(options)->split(Split::kTrain)->fill(std::vector<index_t>{0}, batch);
  CHECK(*std::ranges::min_element(batch.features) >= 0);
  CHECK(*std::ranges::max_element(batch.features) > 100);
}

TEST_CASE("a set that is not there says where it was looked for and what brings it", "[data]") {
  const test::TemporaryDirectory dir;
  setenv("QKVBENCH_DATA", dir.path().c_str(), 1);
  data::TaskOptions options;
  options.id = "mnist";
  const data::Task& task = data::find_task("mnist");
  task.complete(options);  // as published
  CHECK(options.n_train == 60000);
  check_error(Exit::kInput, {"mnist", dir.path("mnist"), "data fetch mnist", "data import mnist"},
              [&] { task.open(options)->split(Split::kTrain); });
  options.id = "images", options.n_train = 0;
  check_error(Exit::kInput, {"images", "--data"}, [&] { data::find_task("images").complete(options); });
  options.data = dir.path("nowhere");
  check_error(Exit::kInput, {"nowhere", "--data"}, [&] { data::find_task("images").complete(options); });
  unsetenv("QKVBENCH_DATA");
}

}  // namespace qkvbench::testing
