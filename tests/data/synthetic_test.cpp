// The synthetic tasks: what each asks, that lists are the same for all of them, and how epochs are ordered.
// Whether they can be learned is not a test.
#include "qkvbench/data/synthetic.hpp"

#include <algorithm>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

namespace {

using data::Split;
using data::TaskOptions;
using Symbols = std::vector<std::int32_t>;

TaskOptions task_options(const std::string& task, index_t T = 16, std::uint64_t seed = 3) {
  TaskOptions options;
  options.id = task, options.seq_len = T, options.n_train = 200, options.n_test = 50, options.seed = seed;
  return options;
}

void complete(const std::string& task, index_t T) {
  TaskOptions options = task_options(task, T);
  data::find_task(task).complete(options);
}

Batch batch_of(const TaskOptions& options, Split split, const std::vector<index_t>& indices) {
  Batch batch;
  data::find_task(options.id).open(options)->split(split)->fill(indices, batch);
  return batch;
}

std::vector<index_t> first(index_t n) {
  std::vector<index_t> out;
  for (index_t i = 0; i < n; ++i) out.push_back(i);
  return out;
}

}  // namespace

TEST_CASE("targets of small lists", "[data]") {
  const Symbols list{3, 1, 4, 1, 5, 9};
  CHECK(data::synthetic_target("reverse", list) == Symbols{9, 5, 1, 4, 1, 3});
  CHECK(data::synthetic_target("sort", list) == Symbols{1, 1, 3, 4, 5, 9});
  CHECK(data::synthetic_target("sub", list) == Symbols{6, 8, 5, 8, 4, 0});
  CHECK(data::synthetic_target("swap", list) == Symbols{1, 5, 9, 3, 1, 4});
  CHECK(data::synthetic_target("copy", list) == list);
  CHECK(data::synthetic_target("sub", Symbols{0, 9}) == Symbols{9, 0});
  for (const data::Task& task : data::synthetic_tasks()) CHECK(data::synthetic_target(task.id, Symbols{}).empty());
  check_error(Exit::kUsage, {"'parity'"}, [&] { data::synthetic_target("parity", list); });
}

TEST_CASE("every task's example is what the task does", "[data]") {
  CHECK(data::synthetic_tasks().size() == 5);
  for (const data::Task& task : data::synthetic_tasks()) {
    INFO(task.id);
    CHECK(task.family == "encoder");
    const auto arrow = task.example.find(" -> ");
    Symbols in, out;
    for (std::size_t i = 0; i < task.example.size(); ++i)
      if (task.example[i] >= '0' && task.example[i] <= '9') (i < arrow ? in : out).push_back(task.example[i] - '0');
    CHECK(data::synthetic_target(task.id, in) == out);
  }
}

TEST_CASE("a batch holds lists and their targets", "[data]") {
  for (const data::Task& task : data::synthetic_tasks()) {
    const auto options = task_options(task.id);
    const auto dataset = task.open(options)->split(Split::kTrain);
    CHECK(dataset->size() == 200);
    CHECK(task.open(options)->split(Split::kTest)->size() == 50);
    CHECK(dataset->targets_per_example() == 16);
    const Batch batch = batch_of(options, Split::kTrain, {5, 199, 0, 5});
    CHECK(batch.size == 4);
    CHECK(batch.input == (Shape{4, 16}));
    REQUIRE(batch.ids.size() == 64);
    for (std::size_t b = 0; b < 4; ++b) {
      const Symbols list(batch.ids.begin() + static_cast<index_t>(b) * 16,
                         batch.ids.begin() + static_cast<index_t>(b + 1) * 16);
      const Symbols target(batch.targets.begin() + static_cast<index_t>(b) * 16,
                           batch.targets.begin() + static_cast<index_t>(b + 1) * 16);
      CHECK(data::synthetic_target(task.id, list) == target);
    }
    CHECK(std::equal(batch.ids.begin(), batch.ids.begin() + 16, batch.ids.begin() + 48));
  }
}

TEST_CASE("lists depend on seed and split alone", "[data]") {
  const auto lists = [](const std::string& task, Split split, std::uint64_t seed) {
    return batch_of(task_options(task, 16, seed), split, first(50)).ids;
  };
  const Symbols wanted = lists("reverse", Split::kTrain, 3);
  for (const data::Task& task : data::synthetic_tasks()) CHECK(lists(task.id, Split::kTrain, 3) == wanted);
  CHECK(lists("reverse", Split::kTest, 3) != wanted);
  CHECK(lists("reverse", Split::kTrain, 4) != wanted);
  set_threads(3);
  const Symbols threaded = lists("sort", Split::kTrain, 3);
  set_threads(1);
  CHECK(threaded == wanted);
  // A batch refilled with fewer examples forgets the others.
  Batch batch = batch_of(task_options("copy"), Split::kTrain, first(50));
  data::find_task("copy").open(task_options("copy"))->split(Split::kTrain)->fill(std::vector<index_t>{7}, batch);
  CHECK(batch.ids == Symbols(wanted.begin() + 7 * 16, wanted.begin() + 8 * 16));
}

TEST_CASE("no test list is a training list, and symbols are used evenly", "[data]") {
  const auto options = task_options("copy");
  const Batch train = batch_of(options, Split::kTrain, first(200)), test = batch_of(options, Split::kTest, first(50));
  std::set<Symbols> seen;
  for (index_t i = 0; i < 200; ++i) seen.emplace(train.ids.begin() + i * 16, train.ids.begin() + (i + 1) * 16);
  CHECK(seen.size() == 200);
  for (index_t i = 0; i < 50; ++i)
    CHECK(!seen.contains(Symbols(test.ids.begin() + i * 16, test.ids.begin() + (i + 1) * 16)));
  for (std::int32_t symbol = 0; symbol < data::kSymbols; ++symbol)
    CHECK(std::abs(std::count(train.ids.begin(), train.ids.end(), symbol) - 320) <= 80);
}

TEST_CASE("swap needs two halves", "[data]") {
  check_error(Exit::kUsage, {"task swap", "even", "15"}, [] { complete("swap", 15); });
  complete("swap", 16);
  for (const std::string task : {"reverse", "sort", "sub", "copy"}) complete(task, 15);
}

TEST_CASE("find_task offers the nearest", "[data]") {
  CHECK(data::find_task("sort").id == "sort");
  CHECK(data::all_tasks().size() >= 5);
  check_error(Exit::kUsage, {"unknown task 'srot'", "did you mean 'sort'"}, [] { data::find_task("srot"); });
}

TEST_CASE("an epoch visits every example once, each epoch in its own order", "[data]") {
  for (const index_t n : {0, 1, 2, 7, 1000}) {
    auto order = data::epoch_order(n, 5, 2);
    std::sort(order.begin(), order.end());
    CHECK(order == first(n));
  }
  const auto order = data::epoch_order(1000, 5, 2);
  CHECK(order == data::epoch_order(1000, 5, 2));
  CHECK(order != data::epoch_order(1000, 5, 3));
  CHECK(order != data::epoch_order(1000, 6, 2));
  CHECK(order != first(1000));
}

TEST_CASE("every order of three examples is as likely as another", "[data]") {
  std::vector<int> hits(27);
  for (index_t epoch = 0; epoch < 6000; ++epoch) {
    const auto o = data::epoch_order(3, 1, epoch);
    ++hits[static_cast<std::size_t>(o[0] * 9 + o[1] * 3 + o[2])];
  }
  int seen = 0;
  for (const int n : hits) {
    if (n == 0) continue;
    ++seen;
    CHECK(std::abs(n - 1000) <= 150);
  }
  CHECK(seen == 6);
}

}  // namespace qkvbench::testing
