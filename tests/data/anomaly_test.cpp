// The odd one out: sets are what they are said to be, splits share no row, and any row source will do.
// Rows hold their own number, so that a set tells what it was drawn from.
#include "qkvbench/data/anomaly.hpp"

#include <map>
#include <set>

#include "data/image_fixtures.hpp"
#include "qkvbench/base/parallel.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

namespace {

using data::Split;

/// n rows (number, class) of three classes.
std::shared_ptr<const data::LabelledRows> numbered(index_t n) {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  for (index_t i = 0; i < n; ++i) {
    labels.push_back(static_cast<std::int32_t>(i % 3));
    values.push_back(static_cast<float>(i));
    values.push_back(static_cast<float>(i % 3));
  }
  return data::matrix_rows(values, labels);
}

std::vector<index_t> range(index_t begin, index_t end) {
  std::vector<index_t> out;
  for (index_t i = begin; i < end; ++i) out.push_back(i);
  return out;
}

Batch sets_of(const data::Dataset& dataset, index_t n) {
  Batch batch;
  dataset.fill(range(0, n), batch);
  return batch;
}

}  // namespace

TEST_CASE("nine different rows of one class and one of another, at a place drawn evenly", "[data]") {
  const auto data = data::odd_one_out(numbered(60), range(0, 60), 2000, Split::kTrain, 1);
  CHECK(data->size() == 2000);
  CHECK(data->targets_per_example() == 1);
  const Batch batch = sets_of(*data, 2000);
  CHECK(batch.input == Shape{2000, 10, 2});
  REQUIRE(batch.targets.size() == 2000);
  std::vector<int> places(10), pairs(9), used(60);
  for (std::size_t s = 0; s < 2000; ++s) {
    const auto value = [&](std::size_t i, std::size_t f) {
      return static_cast<int>(batch.features[(s * 10 + i) * 2 + f]);
    };
    const auto odd = static_cast<std::size_t>(batch.targets[s]);
    REQUIRE(odd < 10);
    ++places[odd];
    std::set<int> rows;
    const int common = value(odd == 0 ? 1 : 0, 1);
    for (std::size_t i = 0; i < 10; ++i) {
      REQUIRE((value(i, 1) == common) == (i != odd));
      rows.insert(value(i, 0));
      ++used[static_cast<std::size_t>(value(i, 0))];
    }
    REQUIRE(rows.size() == 10);
    ++pairs[static_cast<std::size_t>(common * 3 + value(odd, 1))];
  }
  for (const int n : places) CHECK(std::abs(n - 200) <= 70);
  for (std::size_t p = 0; p < 9; ++p) CHECK((p % 4 == 0 ? pairs[p] == 0 : std::abs(pairs[p] - 333) <= 90));
  for (const int n : used) CHECK(std::abs(n - 333) <= 100);
}

TEST_CASE("a set depends on seed, split and number alone", "[data]") {
  const auto make = [](Split split, std::uint64_t seed) {
    return sets_of(*data::odd_one_out(numbered(60), range(0, 60), 50, split, seed), 50).features;
  };
  const auto wanted = make(Split::kTrain, 1);
  CHECK(make(Split::kTrain, 1) == wanted);
  CHECK(make(Split::kTest, 1) != wanted);
  CHECK(make(Split::kValidation, 1) != make(Split::kTest, 1));
  CHECK(make(Split::kTrain, 2) != wanted);
  set_threads(3);
  CHECK(make(Split::kTrain, 1) == wanted);
  set_threads(1);
  Batch one;
  data::odd_one_out(numbered(60), range(0, 60), 50, Split::kTrain, 1)->fill(std::vector<index_t>{49}, one);
  CHECK(one.features == std::vector<real>(wanted.end() - 20, wanted.end()));
}

TEST_CASE("only the rows that are listed are used, and there must be enough of them", "[data]") {
  const Batch batch = sets_of(*data::odd_one_out(numbered(90), range(30, 60), 200, Split::kTrain, 1), 200);
  for (std::size_t i = 0; i < batch.features.size(); i += 2)
    REQUIRE((batch.features[i] >= 30 && batch.features[i] < 60));
  // Nine rows of class 0, one of class 1.
  std::vector<index_t> few;
  for (index_t i = 0; i < 9; ++i) few.push_back(3 * i);
  const auto make = [&] { return data::odd_one_out(numbered(60), few, 5, Split::kTrain, 1); };
  check_error(Exit::kInput, {"anomaly", "9 rows"}, make);
  few.push_back(1);
  CHECK(sets_of(*make(), 5).size == 5);
  few.erase(few.begin());
  check_error(Exit::kInput, {"0 have so many"}, make);
}

TEST_CASE("the task makes sets of images, and of features in files", "[data]") {
  const data::Task& task = data::find_task("anomaly");
  CHECK(task.family == "set");
  data::TaskOptions options;
  options.id = "anomaly";
  task.complete(options);
  CHECK(options.n_train == 10000);
  CHECK(options.n_test == 2000);
  CHECK(options.features == 784);
  const auto train = task.open(options)->split(Split::kTrain);
  CHECK(train->size() == 10000);
  CHECK(sets_of(*train, 3).input == Shape{3, 10, 784});
  CHECK(task.open(options)->split(Split::kValidation)->size() == 0);

  const test::TemporaryDirectory dir;
  const auto write = [&](const std::string& stem, float first, std::size_t n) {
    std::vector<float> values;
    std::vector<std::int64_t> labels;
    for (std::size_t i = 0; i < n; ++i) {
      values.insert(values.end(), {first + static_cast<float>(i), 0, 1});
      labels.push_back(static_cast<std::int64_t>(i % 2) * 7);
    }
    const std::string size = std::to_string(n);
    dir.write(stem + ".npy", test::npy("<f4", "(" + size + ", 3)", test::bytes_of(values)));
    dir.write(stem + "-labels.npy", test::npy("<i8", "(" + size + ",)", test::bytes_of(labels)));
  };
  write("train", 0, 400);
  write("test", 1000, 40);
  data::TaskOptions npy;
  npy.id = "anomaly", npy.source = "npy", npy.n_train = 500, npy.n_test = 300, npy.n_val = 300;
  check_error(Exit::kUsage, {"--data"}, [&] { task.complete(npy); });
  npy.data = dir.path();
  task.complete(npy);
  CHECK(npy.features == 3);
  std::map<Split, std::set<real>> rows;
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    const auto dataset = task.open(npy)->split(split);
    const Batch batch = sets_of(*dataset, dataset->size());
    for (std::size_t i = 0; i < batch.features.size(); i += 3) rows[split].insert(batch.features[i]);
  }
  for (const real row : rows[Split::kValidation]) CHECK(!rows[Split::kTrain].contains(row));
  CHECK(rows[Split::kValidation].size() == 40);
  CHECK(*rows[Split::kTrain].rbegin() < 1000);
  CHECK(*rows[Split::kTest].begin() >= 1000);
  CHECK(task.open(npy)->facts().files.size() == 4);
  npy.features = 4;
  check_error(Exit::kUsage, {"3 numbers", "4"}, [&] { task.open(npy)->split(Split::kTrain); });
  npy.features = 3;
  dir.write("test-labels.npy", test::npy("<i8", "(1,)", test::bytes_of<std::int64_t>({1})));
  check_error(Exit::kInput, {"40 rows", "1 labels"}, [&] { task.open(npy)->split(Split::kTest); });
}

}  // namespace qkvbench::testing
