// REVERSE, SORT, SUB, SWAP and COPY as rows of one table.
// A task is a function from a list to its target; everything else is shared.
#include "qkvbench/data/synthetic.hpp"

#include <algorithm>
#include <array>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/data/drawn.hpp"

namespace qkvbench::data {

namespace {

using Symbols = std::span<const std::int32_t>;

struct Rule {
  const char *id, *summary, *example;
  void (*apply)(Symbols in, std::int32_t* out);
  bool even_length;
};

constexpr std::array<Rule, 5> kRules{{
    {"reverse", "the list from its end to its beginning", "3 1 4 1 5 9 -> 9 5 1 4 1 3",
     [](Symbols in, std::int32_t* out) { std::reverse_copy(in.begin(), in.end(), out); }, false},
    {"sort", "the list in ascending order", "3 1 4 1 5 9 -> 1 1 3 4 5 9",
     [](Symbols in, std::int32_t* out) { std::sort(out, std::copy(in.begin(), in.end(), out)); }, false},
    {"sub", "nine minus each symbol", "3 1 4 1 5 9 -> 6 8 5 8 4 0",
     [](Symbols in, std::int32_t* out) {
       std::transform(in.begin(), in.end(), out, [](std::int32_t x) { return kSymbols - 1 - x; });
     },
     false},
    {"swap", "the two halves exchanged", "3 1 4 1 5 9 -> 1 5 9 3 1 4",
     [](Symbols in, std::int32_t* out) {
       std::rotate_copy(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(in.size() / 2), in.end(), out);
     },
     true},
    {"copy", "the list itself", "3 1 4 1 5 9 -> 3 1 4 1 5 9",
     [](Symbols in, std::int32_t* out) { std::copy(in.begin(), in.end(), out); }, false},
}};

const Rule& find_rule(const std::string& task) {
  for (const Rule& rule : kRules)
    if (task == rule.id) return rule;
  fail_usage("'" + task + "' is no synthetic task");
}

/// Lists drawn from (seed, split): the same lists for every task, so that tasks can be compared too.
class SyntheticDataset : public Dataset {
 public:
  SyntheticDataset(const TaskOptions& options, Split split)
      : rule_(find_rule(options.id)),
        T_(options.seq_len),
        size_(drawn_lists(options, split)),
        random_(options.seed, split == Split::kTrain ? Purpose::kTrain : Purpose::kTest) {}

  index_t size() const override { return size_; }
  index_t targets_per_example() const override { return T_; }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    batch.size = B;
    batch.input = {B, T_};
    batch.ids.resize(static_cast<std::size_t>(B * T_));
    batch.targets.resize(batch.ids.size());
    parallel_ranges(B, 32, [&](index_t begin, index_t end) {
      for (index_t b = begin; b < end; ++b) {
        std::int32_t* list = batch.ids.data() + b * T_;
        const auto first = static_cast<std::uint64_t>(indices[static_cast<std::size_t>(b)] * T_);
        for (index_t t = 0; t < T_; ++t)
          list[t] = static_cast<std::int32_t>(random_.below(first + static_cast<std::uint64_t>(t), kSymbols));
        rule_.apply({list, static_cast<std::size_t>(T_)}, batch.targets.data() + b * T_);
      }
    });
  }

 private:
  const Rule& rule_;
  index_t T_, size_;
  RandomStream random_;
};

void complete_synthetic(TaskOptions& options) {
  if (options.n_train == 0) options.n_train = 10000;
  if (options.n_test == 0) options.n_test = 2000;
  if (find_rule(options.id).even_length && options.seq_len % 2 != 0)
    fail_usage("task " + options.id + " exchanges two halves, so seq_len must be even; it is " +
               std::to_string(options.seq_len));
}

}  // namespace

std::span<const Task> synthetic_tasks() {
  static const std::vector<Task> tasks = [] {
    std::vector<Task> out;
    for (const Rule& rule : kRules)
      out.push_back(
          {rule.id, "encoder", rule.summary, rule.example, complete_synthetic, open_as<DrawnData<SyntheticDataset>>});
    return out;
  }();
  return tasks;
}

std::vector<std::int32_t> synthetic_target(const std::string& task, std::span<const std::int32_t> input) {
  std::vector<std::int32_t> out(input.size());
  find_rule(task).apply(input, out.data());
  return out;
}

}  // namespace qkvbench::data
