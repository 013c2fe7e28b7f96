// One step of training, and evaluation.
// Neither reads the clock nor writes a file.
#include "qkvbench/train/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/profile.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/train/distill.hpp"
#include "qkvbench/train/kinds.hpp"

namespace qkvbench::train {

namespace {

void scale(std::span<real> numbers, real factor) {
  for (real& x : numbers) x *= factor;
}

}  // namespace

index_t steps_per_epoch(index_t examples, index_t batch_size) { return (examples + batch_size - 1) / batch_size; }

index_t micro_batch_in_cache(index_t batch_size, index_t positions) {
  constexpr index_t kPositions = 4096;
  const index_t most = std::max<index_t>(1, kPositions / positions), parts = (batch_size + most - 1) / most;
  return (batch_size + parts - 1) / parts;
}

std::vector<const nn::Parameter*> frozen_parameters(const nn::Parameters& parameters, const std::string& prefixes) {
  std::vector<const nn::Parameter*> frozen;
  const std::vector<std::string> list = prefixes.empty() ? std::vector<std::string>() : split(prefixes, ',');
  std::vector<std::string> names;
  for (const nn::Parameter& p : parameters.all()) {
    names.push_back(p.name);
    for (const std::string& prefix : list)
      if (!prefix.empty() && p.name.starts_with(prefix)) {
        frozen.push_back(&p);
        break;
      }
  }
  for (const std::string& prefix : list)
    if (prefix.empty() ||
        std::ranges::none_of(names, [&](const std::string& name) { return name.starts_with(prefix); }))
      fail_usage("freeze: no parameter's name begins with '" + prefix + "': did you mean '" + nearest(prefix, names) +
                 "'? (inspect --parameters lists them)");
  if (!list.empty() && frozen.size() == names.size()) fail_usage("freeze: nothing is left to train");
  return frozen;
}

std::span<const index_t> BatchSampler::examples(index_t step, index_t first, index_t count) {
  const index_t from = begin(step) + first;
  if (data_.in_random_order()) {
    examples_.resize(static_cast<std::size_t>(count));
    std::iota(examples_.begin(), examples_.end(), from);
    return examples_;
  }
  if (epoch(step) != order_epoch_) order_ = data_.order(seed_, epoch(step));
  order_epoch_ = epoch(step);
  return {order_.data() + from, static_cast<std::size_t>(count)};
}

Trainer::Trainer(nn::Model& model, const data::Dataset& data, const TrainOptions& options)
    : model_(model),
      data_(data),
      options_(options),
      adam_(model.parameters().values(), model.parameters().grads(), options.adam),
      tape_(true, options.precision),
      sampler_(data, options),
      batches_([this](index_t number, Batch& batch) { fill(number, batch); }) {
  for (const nn::Parameter* p : frozen_parameters(model.parameters(), options.freeze))
    adam_.freeze(p->offset, p->shape.elements());
}

Trainer::~Trainer() = default;

void Trainer::learn_from(const nn::Model& teacher) {
  teacher_ = std::make_unique<Teacher>(teacher, model_, options_.distill);
}

void Trainer::set_state(TrainState state) {
  state_ = std::move(state);
  adam_.set_steps_done(state_.step);
}

index_t Trainer::part_size(index_t number) const {
  const index_t step = number / parts_of_full_step(), part = number % parts_of_full_step();
  return std::clamp<index_t>(sampler_.size(step) - part * options_.micro_batch, 0, options_.micro_batch);
}

index_t Trainer::part_after(index_t number) const {
  do ++number;
  while (part_size(number) == 0);  // the last step of an epoch may have fewer parts
  return number / parts_of_full_step() < options_.total_steps ? number : Prefetcher::kNone;
}

void Trainer::fill(index_t number, Batch& batch) {
  const index_t step = number / parts_of_full_step(), part = number % parts_of_full_step();
  data_.fill_in_epoch(sampler_.examples(step, part * options_.micro_batch, part_size(number)), sampler_.epoch(step),
                      batch);
}

kernels::EvalSums Trainer::accumulate(const Batch& batch, index_t step_targets) {
  const Loss loss = teacher_ ? teacher_->loss(tape_, model_, batch)
                             : cross_entropy(tape_, model_.forward(tape_, batch), batch.targets);
  // Nothing to walk back from: whoever adds up the losses finds that they are not finite.
  if (loss.score.targets > 0 && std::isfinite(loss.score.loss_nats))
    tape_.backward(loss.mean_nats, static_cast<real>(loss.score.targets) / static_cast<real>(step_targets));
  return loss.score;
}

const Batch& Trainer::take(index_t number) {
  const PartTimer timer(Part::kData);
  return batches_.take(number, part_after(number));
}

double Trainer::optimize(double lr) {
  const PartTimer timer(Part::kOptimizer);
  return adam_.step(lr);
}

kernels::EvalSums Trainer::accumulate_all(index_t examples) {
  const index_t expected = examples * data_.targets_per_example();
  kernels::EvalSums score;
  RandomContext random{options_.seed, static_cast<std::uint32_t>(state_.step), 0};
  index_t number = state_.step * parts_of_full_step();
  for (index_t done = 0; done < examples; done += options_.micro_batch) {
    const Batch& batch = take(number);
    tape_.reset(random);
    score += accumulate(batch, expected);
    random.first_dropout_site = tape_.dropout_site();
    ++number;
  }
  // Only behind the last part is it known how many targets were scored.
  if (score.targets > 0 && score.targets != expected)
    scale(model_.parameters().grads(), static_cast<real>(expected) / static_cast<real>(score.targets));
  return score;
}

void Trainer::explain(const std::string& what) {
  std::string found = what;
  FiniteObserver finite(model_.parameters());
  tape_.watch(&finite);
  model_.parameters().zero_grads();
  try {
    if (const std::string name = parameter_not_finite(model_.parameters()); !name.empty())
      throw NotFinite{"parameter " + name + " after its update"};
    accumulate_all(sampler_.size(state_.step));
    finite.check();
    if (const std::string name = gradient_not_finite(model_.parameters()); !name.empty())
      throw NotFinite{"the gradient of " + name};
  } catch (const NotFinite& first) {
    found = first.what;
  }
  tape_.watch(nullptr);
  model_.parameters().zero_grads();
  throw Error(Exit::kDiverged, "step " + std::to_string(state_.step + 1) + ": " + found +
                                   " is not finite; try a smaller --lr or --grad-clip");
}

StepReport Trainer::step() {
  const index_t n = sampler_.size(state_.step);
  tape_.watch(watch_);
  kernels::EvalSums score;
  try {
    score = accumulate_all(n);
  } catch (...) {
    model_.parameters().zero_grads();  // half a step's gradients would be added to the next one's
    throw;
  }
  tape_.watch(nullptr);
  const double mean = score.loss_nats / static_cast<double>(score.targets);
  if (!std::isfinite(mean)) explain("the loss");
  const double lr = options_.lr * schedule_factor(options_.schedule, state_.step);
  const double norm = optimize(lr);
  if (!std::isfinite(norm)) explain("the gradient norm");
  if (!adam_.values_finite()) explain("a parameter");

  ++state_.step;
  state_.examples_seen += n;
  state_.tokens_seen += n * model_.family().positions();
  const std::size_t points = state_.curve.size();
  note(score, norm, lr);
  return {mean, norm, lr, state_.curve.size() > points};
}

void Trainer::note(const kernels::EvalSums& score, double norm, double lr) {
  state_.open += score;
  state_.open_grad_norm += norm;
  const index_t before = state_.curve.empty() ? 0 : state_.curve.back().step;
  if (state_.step - before < options_.log_every && !done()) return;
  const auto targets = static_cast<double>(state_.open.targets);
  state_.curve.push_back({state_.step, state_.open.loss_nats / targets,
                          static_cast<double>(state_.open.correct) / targets, lr,
                          state_.open_grad_norm / static_cast<double>(state_.step - before)});
  state_.open = {};
  state_.open_grad_norm = 0;
}

kernels::EvalSums evaluate(const nn::Model& model, const data::Dataset& data, index_t batch_size, TapeObserver* watch) {
  return evaluate_kinds(model, data, batch_size, {}, watch).all;
}

}  // namespace qkvbench::train
