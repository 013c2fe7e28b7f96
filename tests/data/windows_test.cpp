// Windows on a corpus: every validation target once, padding never, training windows by number alone.
// The corpus is made by hand so that a token tells its place.
#include "qkvbench/data/windows.hpp"

#include <algorithm>
#include <numeric>

#include "qkvbench/base/error.hpp"
#include "support/catch.hpp"

using namespace qkvbench;
using namespace qkvbench::data;

namespace {

/// Token i of either part is i.
std::shared_ptr<const Corpus> counting(std::size_t train, std::size_t validation) {
  auto corpus = std::make_shared<Corpus>();
  corpus->name = "counting";
  corpus->tokenizer = Tokenizer::ids(65536);
  corpus->train.resize(train);
  corpus->validation.resize(validation);
  std::iota(corpus->train.begin(), corpus->train.end(), std::uint16_t{0});
  std::iota(corpus->validation.begin(), corpus->validation.end(), std::uint16_t{0});
  return corpus;
}

std::vector<index_t> all_of(const Dataset& data) {
  std::vector<index_t> indices(static_cast<std::size_t>(data.size()));
  std::iota(indices.begin(), indices.end(), index_t{0});
  return indices;
}

}  // namespace

TEST_CASE("validation scores every token but the first exactly once") {
  for (const std::size_t n : {2u, 3u, 7u, 8u, 9u, 10u, 64u, 65u, 1001u})
    for (const index_t T : {1, 2, 7, 8, 64, 2000}) {
      CAPTURE(n, T);
      const auto data = validation_windows(counting(1, n), T);
      Batch batch;
      data->fill(all_of(*data), batch);
      REQUIRE(batch.input == Shape{data->size(), T});
      REQUIRE(batch.ids.size() == batch.targets.size());
      REQUIRE(batch.ids.size() == static_cast<std::size_t>(data->size() * T));
      std::vector<int> scored(n, 0);
      for (std::size_t i = 0; i < batch.targets.size(); ++i) {
        if (batch.targets[i] == kIgnoredTarget) continue;
        ++scored[static_cast<std::size_t>(batch.targets[i])];
        CHECK(batch.ids[i] + 1 == batch.targets[i]);
      }
      CHECK(scored[0] == 0);
      CHECK(std::count(scored.begin(), scored.end(), 1) == static_cast<std::ptrdiff_t>(n) - 1);
      // No window is all padding.
      for (index_t w = 0; w < data->size(); ++w) CHECK(batch.targets[static_cast<std::size_t>(w * T)] >= 0);
    }
}

TEST_CASE("training windows are whole, depend on their number alone, and reach every offset") {
  const auto data = training_windows(counting(40, 2), 8, 2000, 3);
  CHECK(data->size() == 2000);
  CHECK(data->targets_per_example() == 8);
  Batch batch, one;
  data->fill(all_of(*data), batch);
  std::vector<int> begins(40, 0);
  for (index_t w = 0; w < data->size(); ++w) {
    const auto at = static_cast<std::size_t>(w * 8);
    ++begins[static_cast<std::size_t>(batch.ids[at])];
    for (std::size_t t = 0; t < 8; ++t) {
      REQUIRE(batch.ids[at + t] == batch.ids[at] + static_cast<int>(t));
      REQUIRE(batch.targets[at + t] == batch.ids[at + t] + 1);
    }
  }
  CHECK(std::count(begins.begin(), begins.begin() + 32, 0) == 0);
  CHECK(std::count(begins.begin() + 32, begins.end(), 0) == 8);

  const std::vector<index_t> some{1999, 4, 4};
  data->fill(some, one);
  CHECK(one.input == Shape{3, 8});
  CHECK(one.ids[0] == batch.ids[1999 * 8]);
  CHECK(one.ids[8] == batch.ids[4 * 8]);
  CHECK(one.ids[16] == batch.ids[4 * 8]);

  Batch other;
  training_windows(counting(40, 2), 8, 2000, 4)->fill(all_of(*data), other);
  CHECK(other.ids != batch.ids);
  training_windows(counting(40, 2), 8, 2000, 3)->fill(all_of(*data), other);
  CHECK(other.ids == batch.ids);
}

TEST_CASE("a text of one window is enough, a shorter one is one clear line of status 3") {
  Batch batch;
  const auto exact = training_windows(counting(9, 2), 8, 5, 0);
  exact->fill(all_of(*exact), batch);
  for (std::size_t i = 0; i < batch.ids.size(); ++i) REQUIRE(batch.ids[i] == static_cast<int>(i % 8));

  const auto status_of = [](auto&& make) {
    try {
      make();
    } catch (const Error& error) {
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
      return error.status();
    }
    return Exit::kDone;
  };
  CHECK(status_of([] { training_windows(counting(8, 2), 8, 5, 0); }) == Exit::kInput);
  CHECK(status_of([] { training_windows(counting(0, 2), 8, 5, 0); }) == Exit::kInput);
  CHECK(status_of([] { validation_windows(counting(9, 1), 8); }) == Exit::kInput);
  CHECK(status_of([] { validation_windows(counting(9, 0), 8); }) == Exit::kInput);
  CHECK(status_of([] { validation_windows(counting(9, 9), 0); }) == Exit::kUsage);
  CHECK(status_of([] { training_windows(counting(9, 9), 0, 5, 0); }) == Exit::kUsage);
  CHECK(status_of([] { training_windows(counting(9, 9), 4, 0, 0); }) == Exit::kUsage);
}
