// Lists with answers: what each asks, checked against the list itself by plain search, and that options that do not fit
// are refused. Whether they can be learned is not a test.
#include "qkvbench/data/answers.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "qkvbench/base/parallel.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

namespace {

using data::Split;
using data::TaskOptions;
using Symbols = std::vector<std::int32_t>;

TaskOptions complete(const std::string& task, index_t T, index_t vocab = 0, index_t pairs = 0, index_t distance = 0) {
  TaskOptions options;
  options.id = task, options.seq_len = T, options.vocab = vocab, options.pairs = pairs, options.distance = distance;
  options.n_train = 300, options.n_test = 40, options.seed = 3;
  data::find_task(task).complete(options);
  return options;
}

std::vector<index_t> first(index_t n) {
  std::vector<index_t> out;
  for (index_t i = 0; i < n; ++i) out.push_back(i);
  return out;
}

Batch batch_of(const TaskOptions& options, Split split, const std::vector<index_t>& indices) {
  Batch batch;
  data::find_task(options.id).open(options)->split(split)->fill(indices, batch);
  return batch;
}

/// Calls f(list, targets) for 300 training lists.
template <class F>
void for_lists(const TaskOptions& options, F&& f) {
  const Batch batch = batch_of(options, Split::kTrain, first(300));
  const auto T = static_cast<std::size_t>(options.seq_len);
  for (std::size_t b = 0; b < 300; ++b) {
    const auto part = [&](const Symbols& all) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(b * T);
      return Symbols(begin, begin + options.seq_len);
    };
    f(part(batch.ids), part(batch.targets));
  }
}

index_t scored(const Symbols& targets) {
  return static_cast<index_t>(targets.size()) - std::count(targets.begin(), targets.end(), kIgnoredTarget);
}

}  // namespace

TEST_CASE("recall asks for the value behind each key, every key once before one comes again", "[data]") {
  const TaskOptions options = complete("recall", 29, 40, 8);
  const data::Task& task = data::find_task("recall");
  CHECK(task.open(options)->split(Split::kTrain)->targets_per_example() == 13);
  CHECK(task.levels(options).chance == 1.0 / 8);
  CHECK(task.levels(options).optimum == 1);
  for_lists(options, [](const Symbols& list, const Symbols& targets) {
    std::map<std::int32_t, std::int32_t> value_of;
    std::set<std::int32_t> values;
    for (std::size_t p = 0; p < 8; ++p) {
      value_of[list[2 * p]] = list[2 * p + 1];
      values.insert(list[2 * p + 1]);
      CHECK((list[2 * p] < 20 && list[2 * p + 1] >= 20 && list[2 * p + 1] < 40));
    }
    CHECK((value_of.size() == 8 && values.size() == 8));
    for (std::size_t t = 0; t < 29; ++t) CHECK(targets[t] == (t < 16 ? kIgnoredTarget : value_of.at(list[t])));
    CHECK(std::set<std::int32_t>(list.begin() + 16, list.begin() + 24).size() == 8);
    CHECK(std::set<std::int32_t>(list.begin() + 24, list.end()).size() == 5);
  });
}

TEST_CASE("induction asks for what followed a token the time before", "[data]") {
  const TaskOptions options = complete("induction", 32);
  CHECK(options.vocab == 64);
  CHECK(data::find_task("induction").levels(options).chance == 1.0 / 8);
  std::set<std::int32_t> leaders_of_all, followers_of_all;
  for_lists(options, [&](const Symbols& list, const Symbols& targets) {
    CHECK(scored(targets) == 8);
    std::set<std::int32_t> tokens;
    for (std::size_t t = 0; t < 32; ++t) {
      if (t % 2 == 0) leaders_of_all.insert(list[t]);
      if (t % 2 == 1) followers_of_all.insert(list[t]);
      tokens.insert(list[t]);
      // Only the last positions of pairs know no follower, so search for the token before t.
      std::size_t before = t;
      while (before > 0 && list[before - 1] != list[t]) --before;
      const bool leads_again = before > 0 && t % 2 == 0;
      CHECK(targets[t] == (leads_again ? list[before] : kIgnoredTarget));
      if (leads_again) CHECK(list[t + 1] == list[before]);
    }
    CHECK(tokens.size() == 16);
  });
  CHECK((leaders_of_all.size() == 64 && followers_of_all.size() == 64));  // no token's role is told by itself
}

TEST_CASE("copy-distance asks for the symbol so many positions back", "[data]") {
  const TaskOptions options = complete("copy-distance", 12, 0, 0, 5);
  CHECK(options.vocab == 10);
  CHECK(data::find_task("copy-distance").levels(options).chance == 0.1);
  std::vector<int> counts(10);
  for_lists(options, [&](const Symbols& list, const Symbols& targets) {
    for (std::size_t t = 0; t < 12; ++t) {
      CHECK(targets[t] == (t < 5 ? kIgnoredTarget : list[t - 5]));
      ++counts[static_cast<std::size_t>(list[t])];
    }
  });
  for (const int n : counts) CHECK(std::abs(n - 360) <= 90);
  CHECK(complete("copy-distance", 12).distance == 6);
}

TEST_CASE("lists with answers depend on seed, split and number alone", "[data]") {
  for (const data::Task& task : data::answer_tasks()) {
    INFO(task.id);
    TaskOptions options = complete(task.id, 24);
    CHECK(task.family == "gpt");
    const Batch all = batch_of(options, Split::kTrain, first(40));
    set_threads(3);
    const Batch threaded = batch_of(options, Split::kTrain, first(40));
    set_threads(1);
    CHECK(threaded.ids == all.ids);
    CHECK(threaded.targets == all.targets);
    const Batch one = batch_of(options, Split::kTrain, {7});
    CHECK(one.ids == Symbols(all.ids.begin() + 7 * 24, all.ids.begin() + 8 * 24));
    CHECK(one.input == (Shape{1, 24}));
    CHECK(scored(one.targets) == task.open(options)->split(Split::kTrain)->targets_per_example());
    CHECK(batch_of(options, Split::kTest, first(40)).ids != all.ids);
    CHECK(task.open(options)->split(Split::kTest)->size() == 40);
    CHECK(task.open(options)->split(Split::kValidation)->size() == 0);
    options.seed = 4;
    CHECK(batch_of(options, Split::kTrain, first(40)).ids != all.ids);
  }
}

TEST_CASE("lists with answers refuse what does not fit", "[data]") {
  check_error(Exit::kUsage, {"task recall", "8 pairs", "16 positions", "seq_len is 16"},
              [] { complete("recall", 16, 0, 8); });
  check_error(Exit::kUsage, {"task recall", "vocab 14", "8 pairs"}, [] { complete("recall", 24, 14, 8); });
  check_error(Exit::kUsage, {"task induction", "even", "9"}, [] { complete("induction", 9); });
  check_error(Exit::kUsage, {"task induction", "16 different", "vocab 15"}, [] { complete("induction", 32, 15); });
  check_error(Exit::kUsage, {"task copy-distance", "distance 12", "seq_len 12"},
              [] { complete("copy-distance", 12, 0, 0, 12); });
  check_error(Exit::kUsage, {"--pairs", "induction", "recall"}, [] { complete("induction", 32, 0, 4); });
  check_error(Exit::kUsage, {"--distance", "recall", "copy-distance"}, [] { complete("recall", 24, 0, 0, 3); });
}

}  // namespace qkvbench::testing
