// RECALL, INDUCTION and COPY-DISTANCE as rows of one table.
// A task is a function from random numbers to a list and its targets; everything else is shared.
#include "qkvbench/data/answers.hpp"

#include <algorithm>
#include <numeric>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/data/drawn.hpp"

namespace qkvbench::data {

namespace {

/// The random numbers of one list, one after the other.
class Draw {
 public:
  Draw(const RandomStream& random, index_t list) : random_(random), next_(static_cast<std::uint64_t>(list) << 32) {}
  index_t below(index_t n) { return random_.below(next_++, static_cast<std::uint32_t>(n)); }
  /// k different numbers of [begin, end), in random order: the beginning of a shuffle by Fisher and Yates.
  std::vector<std::int32_t> different(index_t begin, index_t end, index_t k) {
    std::vector<std::int32_t> all(static_cast<std::size_t>(end - begin));
    std::iota(all.begin(), all.end(), static_cast<std::int32_t>(begin));
    for (index_t i = 0; i < k; ++i) std::swap(all[at(i)], all[at(i + below(end - begin - i))]);
    all.resize(at(k));
    return all;
  }
  static std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

 private:
  const RandomStream& random_;
  std::uint64_t next_;
};

struct Rule {
  const char *id, *summary, *example;
  index_t vocab;                                   ///< where nothing is said
  index_t (*answers)(const TaskOptions& options);  ///< of one list
  Levels (*levels)(const TaskOptions& options);
  /// Throws Error (usage) when the options do not fit.
  void (*complete)(TaskOptions& options);
  /// ids, targets: [seq_len]; targets begin unscored.
  void (*write)(const TaskOptions& options, Draw& draw, std::int32_t* ids, std::int32_t* targets);
};

std::string text(index_t n) { return std::to_string(n); }

// Recall: keys are the first half of the vocabulary, values the second.

void complete_recall(TaskOptions& o) {
  if (o.pairs == 0) o.pairs = std::max<index_t>(1, o.seq_len / 3);
  if (o.seq_len <= 2 * o.pairs)
    fail_usage("task recall: " + text(o.pairs) + " pairs take " + text(2 * o.pairs) + " positions and seq_len is " +
               text(o.seq_len) + ", so no query has room; raise --seq-len or lower --pairs");
  if (o.vocab / 2 < o.pairs)
    fail_usage("task recall: half of vocab " + text(o.vocab) + " are keys, fewer than " + text(o.pairs) +
               " pairs; raise --vocab or lower --pairs");
}

void write_recall(const TaskOptions& o, Draw& draw, std::int32_t* ids, std::int32_t* targets) {
  const auto keys = draw.different(0, o.vocab / 2, o.pairs);
  const auto values = draw.different(o.vocab / 2, o.vocab, o.pairs);
  for (index_t p = 0; p < o.pairs; ++p) {
    ids[2 * p] = keys[Draw::at(p)];
    ids[2 * p + 1] = values[Draw::at(p)];
  }
  std::vector<std::int32_t> order;  // each key once before any comes again
  for (index_t t = 2 * o.pairs; t < o.seq_len; ++t) {
    if (order.empty()) order = draw.different(0, o.pairs, o.pairs);
    const auto asked = static_cast<std::size_t>(order.back());
    order.pop_back();
    ids[t] = keys[asked];
    targets[t] = values[asked];
  }
}

// Induction: leaders with their followers, any token either; first every leader once, then again at random.

index_t leaders(const TaskOptions& o) { return o.seq_len / 4; }

void complete_induction(TaskOptions& o) {
  if (o.seq_len < 8 || o.seq_len % 2 != 0)
    fail_usage("task induction: seq_len must be even and at least 8; it is " + text(o.seq_len));
  if (o.vocab < 2 * leaders(o))
    fail_usage("task induction: lists of seq_len " + text(o.seq_len) + " hold " + text(2 * leaders(o)) +
               " different tokens, more than vocab " + text(o.vocab) + "; raise --vocab or lower --seq-len");
}

void write_induction(const TaskOptions& o, Draw& draw, std::int32_t* ids, std::int32_t* targets) {
  const index_t n = leaders(o);
  const auto tokens = draw.different(0, o.vocab, 2 * n);
  for (index_t i = 0; i < o.seq_len / 2; ++i) {
    const index_t pair = i < n ? i : draw.below(n);
    ids[2 * i] = tokens[Draw::at(pair)];
    ids[2 * i + 1] = tokens[Draw::at(n + pair)];
    if (i >= n) targets[2 * i] = ids[2 * i + 1];
  }
}

void complete_copy(TaskOptions& o) {
  if (o.distance == 0) o.distance = std::max<index_t>(1, o.seq_len / 2);
  if (o.distance >= o.seq_len)
    fail_usage("task copy-distance: distance " + text(o.distance) + " leaves no symbol to copy in seq_len " +
               text(o.seq_len) + "; lower --distance or raise --seq-len");
}

void write_copy(const TaskOptions& o, Draw& draw, std::int32_t* ids, std::int32_t* targets) {
  for (index_t t = 0; t < o.seq_len; ++t) {
    ids[t] = static_cast<std::int32_t>(draw.below(o.vocab));
    if (t >= o.distance) targets[t] = ids[t - o.distance];
  }
}

Levels one_of(index_t n) { return {1 / static_cast<double>(n), 1}; }

const std::vector<Rule>& rules() {
  // A guess that does not look for the answer takes one of the values, or followers, that the list holds.
  static const std::vector<Rule> rows{
      {"recall", "the value that stood behind this key; pairs first, then queries", "a 7 b 3, b a -> 3 7", 64,
       [](const TaskOptions& o) { return o.seq_len - 2 * o.pairs; },
       [](const TaskOptions& o) { return one_of(o.pairs); }, complete_recall, write_recall},
      {"induction", "what followed this token before", "a 7 b 3 b -> 3", 64,
       [](const TaskOptions& o) { return o.seq_len / 2 - leaders(o); },
       [](const TaskOptions& o) { return one_of(leaders(o)); }, complete_induction, write_induction},
      {"copy-distance", "the symbol a fixed distance back, see --distance", "3 1 4 1, 2 back -> - - 3 1", 10,
       [](const TaskOptions& o) { return o.seq_len - o.distance; },
       [](const TaskOptions& o) { return one_of(o.vocab); }, complete_copy, write_copy},
  };
  return rows;
}

const Rule& find_rule(const std::string& task) {
  for (const Rule& rule : rules())
    if (task == rule.id) return rule;
  fail_internal("'" + task + "' is no task with answers");
}

class AnswerDataset : public Dataset {
 public:
  AnswerDataset(const TaskOptions& options, Split split)
      : options_(options),
        rule_(find_rule(options.id)),
        size_(drawn_lists(options, split)),
        random_(options.seed, split == Split::kTrain ? Purpose::kTrain : Purpose::kTest, fnv1a(options.id)) {}

  index_t size() const override { return size_; }
  index_t targets_per_example() const override { return rule_.answers(options_); }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    const index_t T = options_.seq_len;
    batch.size = B;
    batch.input = {B, T};
    batch.ids.resize(static_cast<std::size_t>(B * T));
    batch.targets.assign(batch.ids.size(), kIgnoredTarget);
    parallel_ranges(B, 32, [&](index_t begin, index_t end) {
      for (index_t b = begin; b < end; ++b) {
        Draw draw(random_, indices[static_cast<std::size_t>(b)]);
        rule_.write(options_, draw, batch.ids.data() + b * T, batch.targets.data() + b * T);
      }
    });
  }

 private:
  TaskOptions options_;
  const Rule& rule_;
  index_t size_;
  RandomStream random_;
};

void complete_answers(TaskOptions& options) {
  const Rule& rule = find_rule(options.id);
  if (options.n_train == 0) options.n_train = 20000;
  if (options.n_test == 0) options.n_test = 1000;
  if (options.vocab == 0) options.vocab = rule.vocab;
  if (options.pairs > 0 && options.id != "recall")
    fail_usage("--pairs does not concern task " + options.id + ", but recall; leave it out");
  if (options.distance > 0 && options.id != "copy-distance")
    fail_usage("--distance does not concern task " + options.id + ", but copy-distance; leave it out");
  rule.complete(options);
}

}  // namespace

std::span<const Task> answer_tasks() {
  static const std::vector<Task> tasks = [] {
    std::vector<Task> out;
    for (const Rule& rule : rules())
      out.push_back({rule.id, "gpt", rule.summary, rule.example, complete_answers, open_as<DrawnData<AnswerDataset>>,
                     "answers", rule.levels});
    return out;
  }();
  return tasks;
}

}  // namespace qkvbench::data
