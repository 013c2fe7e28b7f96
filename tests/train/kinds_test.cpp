// Scores by kind of target add up to those of all, which are evaluate()'s to the bit.
// What the kinds are is the tasks' business.
#include "qkvbench/train/kinds.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

TEST_CASE("the scores of kinds are those of their targets, and all of them those of evaluate", "[train]") {
  data::TaskOptions options;
  options.id = "copy-distance", options.seq_len = 5, options.distance = 2, options.n_train = 1, options.n_test = 17;
  const data::Task& task = data::find_task(options.id);
  task.complete(options);
  nn::Model model(tiny_config("gpt", "q_kv"));
  fill_parameters(model, 3);
  const auto data = task.open(options)->split(data::Split::kTest);
  std::vector<data::TargetKind> kinds{{"low", std::vector<bool>(11, false)}, {"seven", std::vector<bool>(11, false)}};
  for (std::size_t id = 0; id < 5; ++id) kinds[0].tokens[id] = true;
  kinds[1].tokens[7] = true;

  const train::KindScores scores = train::evaluate_kinds(model, *data, 4, kinds);
  const kernels::EvalSums all = train::evaluate(model, *data, 4);
  CHECK(scores.all.loss_nats == all.loss_nats);
  CHECK(scores.all.correct == all.correct);
  CHECK(scores.all.targets == 17 * 3);

  // By hand, from the logits of all examples at once.
  Batch batch;
  std::vector<index_t> numbers;
  for (index_t i = 0; i < 17; ++i) numbers.push_back(i);
  data->fill(numbers, batch);
  const std::vector<real> logits = logits_of(model, batch);
  double wanted[2] = {};
  index_t counts[2] = {};
  for (std::size_t row = 0; row < batch.targets.size(); ++row) {
    const std::int32_t target = batch.targets[row];
    if (target < 0 || (target >= 5 && target != 7)) continue;
    double sum = 0;
    for (std::size_t v = 0; v < 11; ++v) sum += std::exp(static_cast<double>(logits[row * 11 + v]));
    wanted[target == 7] += std::log(sum) - static_cast<double>(logits[row * 11 + static_cast<std::size_t>(target)]);
    ++counts[target == 7];
  }
  for (const std::size_t k : {0, 1}) {
    CHECK(scores.by_kind[k].targets == counts[k]);
    CHECK(std::abs(scores.by_kind[k].loss_nats - wanted[k]) <= 1e-4);
  }
}

}  // namespace qkvbench::testing
