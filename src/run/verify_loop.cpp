// The loop of a golden file through train::Trainer: its examples and its order become a data set.
// Tolerances are those of the golden files' own description.
#include "qkvbench/run/verify_loop.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/golden.hpp"
#include "qkvbench/train/checkpoint.hpp"
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::run {

namespace {

using formats::Safetensors;
using golden::relative;
using nlohmann::json;

constexpr double kRateTolerance = 1e-12, kTolerance = 1e-5, kAfterFar = 5e-4, kNoGradient = 1e-6;

/// Examples of a golden file, in the order that it gives.
class GoldenExamples : public data::Dataset {
 public:
  /// `prefix`: "in.train_" or "in.test_".
  GoldenExamples(const formats::Safetensors& file, const std::string& prefix) {
    for (const char* name : {"ids", "images", "features"})
      if (file.tensors().contains(prefix + name)) input_ = prefix + name;
    if (input_.empty()) fail_input(file.origin() + ": it has no " + prefix + "ids, images or features");
    const formats::Safetensors::Tensor& tensor = file.tensor(input_);
    if (tensor.shape.size() < 2 || tensor.elements() == 0) fail_input(file.origin() + ": " + input_ + " is empty");
    size_ = tensor.shape[0];
    example_ = golden::shape_of(tensor);
    if (input_.ends_with("ids"))
      ids_ = golden::ids_of(file, input_);
    else
      features_ = file.floats(input_);
    const std::string labels = prefix + "labels";
    take_targets(file, golden::ids_of(file, file.tensors().contains(labels) ? labels : prefix + "targets"));
  }

  /// Windows of tokens [steps, batch, T + 1], which are examples in their order.
  explicit GoldenExamples(const formats::Safetensors& file) : in_order_(true) {
    const Shape windows = golden::shape_of(file.tensor("in.windows"));
    if (windows.rank() != 3 || windows[2] < 2) fail_input(file.origin() + ": in.windows must be [steps, batch, T + 1]");
    const index_t T = windows[2] - 1;
    size_ = windows[0] * windows[1];
    example_ = {size_, T};
    const std::vector<std::int32_t> all = golden::ids_of(file, "in.windows");
    std::vector<std::int32_t> targets;
    for (index_t i = 0; i < size_; ++i) {
      const auto row = all.begin() + i * (T + 1);
      ids_.insert(ids_.end(), row, row + T);
      targets.insert(targets.end(), row + 1, row + T + 1);
    }
    take_targets(file, std::move(targets));
  }

  /// [epochs, examples]; each row must hold every example once.
  void take_order(const formats::Safetensors& file) {
    order_ = file.integers("in.order");
    const auto N = static_cast<std::size_t>(size_);
    if (order_.empty() || order_.size() % N != 0) fail_input(file.origin() + ": in.order is not [epochs, examples]");
    for (std::size_t row = 0; row < order_.size(); row += N) {
      std::vector<std::int64_t> sorted(order_.begin() + static_cast<std::ptrdiff_t>(row),
                                       order_.begin() + static_cast<std::ptrdiff_t>(row + N));
      std::ranges::sort(sorted);
      for (std::size_t i = 0; i < N; ++i)
        if (sorted[i] != static_cast<std::int64_t>(i))
          fail_input(file.origin() + ": a row of in.order does not hold every example once");
    }
  }
  index_t epochs() const { return static_cast<index_t>(order_.size()) / size_; }
  /// T, or 1 where examples have no positions of their own.
  index_t positions() const { return example_[1]; }

  index_t size() const override { return size_; }
  index_t targets_per_example() const override { return static_cast<index_t>(targets_.size()) / size_; }
  bool in_random_order() const override { return in_order_; }
  std::vector<index_t> order(std::uint64_t, index_t epoch) const override {
    if (epoch >= epochs())
      fail_internal("the loop asks for the order of epoch " + std::to_string(epoch) + ", of which there is none");
    const auto first = order_.begin() + epoch * size_;
    return {first, first + size_};
  }
  void fill(std::span<const index_t> indices, Batch& batch) const override {
    batch.size = static_cast<index_t>(indices.size());
    batch.input = {batch.size};
    for (int i = 1; i < example_.rank(); ++i) batch.input.push_back(example_[i]);
    batch.ids.clear(), batch.features.clear(), batch.targets.clear();
    for (const index_t i : indices) {
      append(ids_, i, batch.ids);
      append(features_, i, batch.features);
      append(targets_, i, batch.targets);
    }
  }

 private:
  void take_targets(const formats::Safetensors& file, std::vector<std::int32_t> targets) {
    targets_ = std::move(targets);
    if (targets_.empty() || targets_.size() % static_cast<std::size_t>(size_) != 0)
      fail_input(file.origin() + ": targets and examples differ in number");
  }
  template <class From, class To>
  void append(const std::vector<From>& all, index_t example, std::vector<To>& out) const {
    const auto n = static_cast<std::ptrdiff_t>(all.size()) / size_;
    for (auto at = all.begin() + example * n; at != all.begin() + (example + 1) * n; ++at)
      out.push_back(static_cast<To>(*at));
  }

  std::string input_;
  index_t size_ = 0;
  Shape example_;  // of all examples
  std::vector<std::int32_t> ids_, targets_;
  std::vector<float> features_;
  std::vector<std::int64_t> order_;
  bool in_order_ = false;
};

double number_or(const json& o, const char* key, double otherwise) {
  return o.contains(key) && o.at(key).is_number() ? o.at(key).get<double>() : otherwise;
}
index_t count_or(const json& o, const char* key, index_t otherwise) {
  return o.contains(key) && o.at(key).is_number_unsigned() ? o.at(key).get<index_t>() : otherwise;
}

train::TrainOptions options_of(const formats::Safetensors& file, const json& o, const GoldenExamples& data) {
  const index_t batch = count_or(o, "batch_size", 0);
  if (batch < 1) fail_input(file.origin() + ": optimizer.batch_size is no count");
  const index_t of_epoch = data.in_random_order() ? 0 : train::steps_per_epoch(data.size(), batch);
  const index_t steps = of_epoch > 0 ? data.epochs() * of_epoch : data.size() / batch;
  const index_t warmup = o.contains("warmup_steps") ? count_or(o, "warmup_steps", 0)
                                                    : optim::warmup_steps_of(number_or(o, "warmup", 0), steps);
  return {batch,
          count_or(o, "micro_batch", batch),
          steps,
          1,
          o.at("lr"),
          {o.value("schedule", "constant"), warmup, number_or(o, "final_lr", 0), steps, of_epoch},
          {o.at("name") == "adamw", o.at("beta1"), o.at("beta2"), o.at("eps"), o.at("weight_decay"),
           number_or(o, "grad_clip", 0)},
          0};
}

/// The worst step of one kind of number, and the first that is beyond its tolerance.
class Steps {
 public:
  Steps(const formats::Safetensors& file, const char* name, const char* what, double tolerance, index_t steps)
      : golden_(file.doubles(name)), what_(what), tolerance_(tolerance) {
    if (static_cast<index_t>(golden_.size()) != steps)
      fail_input(file.origin() + ": " + name + " has " + std::to_string(golden_.size()) + " steps, the loop has " +
                 std::to_string(steps));
  }
  void compare(index_t step, double ours, std::string& reason) {
    const double there = golden_[static_cast<std::size_t>(step)];
    const double error = ours == there ? 0 : relative(ours, there);
    worst = std::max(worst, error);
    if (error <= tolerance_ || !first_) return;
    first_ = false;
    reason += (reason.empty() ? "" : ", ") + std::string(what_) + " at step " + std::to_string(step);
  }
  double worst = 0;

 private:
  std::vector<double> golden_;
  const char* what_;
  double tolerance_;
  bool first_ = true;
};

/// Names of the parameters whose gradient on the first batch is rounding noise: in theory they have none.
std::vector<std::string> without_gradient(nn::Model& model, const data::Dataset& data, index_t batch_size) {
  std::vector<index_t> first(static_cast<std::size_t>(std::min(batch_size, data.size())));
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = static_cast<index_t>(i);
  Batch batch;
  data.fill(first, batch);
  Tape tape;
  tape.reset();
  tape.backward(cross_entropy(tape, model.forward(tape, batch), batch.targets).mean_nats);
  const auto size_of = [](const nn::Parameter& p) {
    double most = 0;
    for (index_t i = 0; i < p.shape.elements(); ++i) most = std::max(most, std::abs(static_cast<double>(p.grad[i])));
    return most;
  };
  double largest = 0;
  for (const nn::Parameter& p : model.parameters().all()) largest = std::max(largest, size_of(p));
  std::vector<std::string> names;
  for (const nn::Parameter& p : model.parameters().all())
    if (size_of(p) < kNoGradient * largest) names.push_back(p.name);
  model.parameters().zero_grads();
  return names;
}

void compare_test(const formats::Safetensors& file, const nn::Model& model, index_t batch_size, ParityErrors& errors,
                  std::string& reason) {
  const GoldenExamples data(file, "in.test_");
  const kernels::EvalSums score = train::evaluate(model, data, batch_size);
  const auto targets = static_cast<double>(score.targets);
  const double loss = relative(score.loss_nats / targets, file.doubles("out.test_loss").at(0));
  errors.loss = std::max(errors.loss, loss);
  if (!(loss <= kTolerance)) reason += (reason.empty() ? "" : ", ") + std::string("the test's loss");
  const double right = file.doubles("out.test_accuracy").at(0) * targets;
  if (!(std::abs(right - static_cast<double>(score.correct)) <= 1e-6))
    reason += (reason.empty() ? "" : ", ") + std::string("the test's accuracy");
}

void run_loop(const formats::Safetensors& file, const GoldenExamples& data, nn::Model& model, ParityErrors& errors,
              std::string& reason) {
  const train::TrainOptions options = options_of(file, golden::metadata_json(file, "optimizer"), data);
  const std::vector<std::string> left_out = without_gradient(model, data, options.batch_size);
  errors.steps = options.total_steps;
  Steps lr(file, "out.lr", "the learning rate", kRateTolerance, options.total_steps);
  Steps loss(file, "out.loss", "the loss", kTolerance, options.total_steps);
  Steps norm(file, "out.grad_norm", "the gradient norm", kTolerance, options.total_steps);
  train::Trainer trainer(model, data, options);
  while (!trainer.done()) {
    const index_t step = trainer.state().step;
    const train::StepReport report = trainer.step();
    lr.compare(step, report.lr, reason);
    loss.compare(step, report.loss, reason);
    norm.compare(step, report.grad_norm, reason);
  }
  errors.lr = lr.worst, errors.loss = loss.worst, errors.grad_norm = norm.worst;
  for (const nn::Parameter& p : model.parameters().all())
    if (std::ranges::find(left_out, p.name) == left_out.end())
      errors.after = std::max(errors.after,
                              golden::largest_difference(p.value, file.floats("after." + p.name), p.shape.elements()));
  if (!(errors.after <= kAfterFar)) reason += (reason.empty() ? "" : ", ") + std::string("parameters at the end");
  if (file.tensors().contains("out.test_loss")) compare_test(file, model, options.batch_size, errors, reason);
}

}  // namespace

ParityResult verify_loop(const formats::Safetensors& file, ParityResult result) {
  const std::string kind = file.metadata("loop");
  if (kind != "epochs" && kind != "steps")
    fail_input(file.origin() + ": loop '" + kind + "' is neither epochs nor steps");
  GoldenExamples data = kind == "steps" ? GoldenExamples(file) : GoldenExamples(file, "in.train_");
  if (kind == "epochs") data.take_order(file);
  nn::Model model(golden::model_config(file, golden::metadata_json(file, "config"), data.positions()));
  model.parameters().allocate();
  train::load_model(file, "param.", model);
  std::string beyond;
  try {
    run_loop(file, data, model, result.errors, beyond);
  } catch (const Error& error) {
    if (error.status() != Exit::kDiverged) throw;
    beyond = error.what();
  }
  result.reason = beyond.empty() ? "" : beyond + " beyond tolerance";
  result.verdict = beyond.empty() ? ParityResult::Verdict::kPassed : ParityResult::Verdict::kFailed;
  return result;
}

}  // namespace qkvbench::run
