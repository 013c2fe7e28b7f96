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

Trainer::Trainer(nn::Model& model, const data::Dataset& data, const TrainOptions& options, const Together& together)
    : ranks_(*together.ranks),
      sharded_(together.shard_optimizer && ranks_.size() > 1),
      model_(model),
      data_(data),
      options_(options),
      first_part_(options.replicas / ranks_.size() * ranks_.rank()),
      own_parts_(options.replicas / ranks_.size()),
      reducer_(ranks_, model.parameters(), own_parts_, !sharded_),
      adam_(model.parameters().values(), model.parameters().grads(), options.adam,
            sharded_ ? reducer_.all_reduce().share()
                     : std::vector<Range>{{0, static_cast<index_t>(model.parameters().grads().size())}}),
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

Trainer::MicroBatch Trainer::micro_batch(index_t number) const {
  const index_t part = number / micro_batches_of_part(), step = part / options_.replicas;
  const auto [begin, end] = examples_of_part(sampler_.size(step), part % options_.replicas, options_.replicas);
  const index_t first = begin + number % micro_batches_of_part() * options_.micro_batch;
  return {step, first, std::clamp<index_t>(end - first, 0, options_.micro_batch)};
}

bool Trainer::is_own(index_t number) const {
  const index_t part = number / micro_batches_of_part() % options_.replicas;
  return part >= first_part_ && part < first_part_ + own_parts_ && micro_batch(number).size > 0;
}

index_t Trainer::micro_batch_after(index_t number) const {
  const index_t behind_all = options_.total_steps * options_.replicas * micro_batches_of_part();
  do ++number;
  while (number < behind_all && !is_own(number));
  return number < behind_all ? number : Prefetcher::kNone;
}

void Trainer::fill(index_t number, Batch& batch) {
  const MicroBatch micro = micro_batch(number);
  data_.fill_in_epoch(sampler_.examples(micro.step, micro.first, micro.size), sampler_.epoch(micro.step), batch);
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
  return batches_.take(number, micro_batch_after(number));
}

kernels::EvalSums Trainer::accumulate_part(index_t part, index_t step_targets, TapeObserver* watch,
                                           TapeObserver* last) {
  // Dropout draws by the part, not by what its process did before. The sites of a step are numbers of 24 bits.
  const auto first_site = static_cast<std::uint32_t>(part * ((index_t{1} << 24) / options_.replicas));
  RandomContext random{options_.seed, static_cast<std::uint32_t>(state_.step), first_site};
  kernels::EvalSums score;
  index_t number = (state_.step * options_.replicas + part) * micro_batches_of_part();
  const index_t end = number + micro_batches_of_part();
  const auto is_there = [&](index_t which) { return which < end && micro_batch(which).size > 0; };
  for (; is_there(number); ++number) {
    const Batch& batch = take(number);
    tape_.watch(part + 1 == first_part_ + own_parts_ && !is_there(number + 1) ? last : watch);
    tape_.reset(random);
    score += accumulate(batch, step_targets);
    random.first_dropout_site = tape_.dropout_site();
  }
  return score;
}

kernels::EvalSums Trainer::accumulate_parts(index_t examples, TapeObserver* watch, TapeObserver* last) {
  const index_t expected = examples * data_.targets_per_example();
  part_scores_.clear();
  for (index_t part = first_part_; part < first_part_ + own_parts_; ++part) {
    if (part > first_part_) reducer_.add_part();
    part_scores_.push_back(accumulate_part(part, expected, watch, last));
  }
  return tree_sum(part_scores_);
}

kernels::EvalSums Trainer::accumulate_all(index_t examples) {
  // Who could not come this far says so here. From here on all ranks sum, whatever happens to one of them.
  ranks_.agree({});
  reducer_.begin();
  Word word;
  try {
    const kernels::EvalSums own = accumulate_parts(examples, watch_, reducer_.with(watch_));
    word.loss_nats = own.loss_nats;
    word.correct = own.correct;
    word.targets = own.targets;
  } catch (const Stopped& stopped) {  // told to all, so that all stop at this step
    word.stop = 1 + stopped.signal;
  } catch (...) {
    reducer_.finish();  // others have to hear of it in the place of the next word, behind the sums
    throw;
  }
  reducer_.finish();
  word = ranks_.agree(word);
  if (word.stop != 0) throw Stopped{word.stop - 1};
  const kernels::EvalSums score{word.loss_nats, word.correct, word.targets};
  if (!std::isfinite(score.loss_nats)) return score;
  // Only behind the last part is it known how many targets were scored.
  const index_t expected = examples * data_.targets_per_example();
  if (score.targets > 0 && score.targets != expected)
    scale(model_.parameters().grads(), static_cast<real>(expected) / static_cast<real>(score.targets));
  return score;
}

/// The first rank that finds something tells all: parts are in the order of ranks.
void Trainer::explain(const std::string& what) {
  Word word;
  const auto tell = [&](const std::string& found) {
    word.tell(
        ranks_.rank(), 0,
        "step " + std::to_string(state_.step + 1) + ": " + found + " is not finite; try a smaller --lr or --grad-clip");
  };
  FiniteObserver finite(model_.parameters());
  model_.parameters().zero_grads();
  reducer_.begin();
  try {
    if (const std::string name = parameter_not_finite(model_.parameters()); !name.empty())
      throw NotFinite{"parameter " + name + " after its update"};
    accumulate_parts(sampler_.size(state_.step), &finite, &finite);
    finite.check();
  } catch (const NotFinite& first) {
    tell(first.what);
  } catch (...) {
    reducer_.finish();
    throw;
  }
  reducer_.finish();
  if (const std::string name = gradient_not_finite(model_.parameters()); word.rank == Word::kNobody && !name.empty())
    tell("the gradient of " + name);
  tape_.watch(nullptr);
  model_.parameters().zero_grads();
  word = ranks_.put_together(word);
  if (word.rank == Word::kNobody) tell(what);
  throw Error(Exit::kDiverged, word.text.data());
}

StepReport Trainer::step() {
  const index_t n = sampler_.size(state_.step);
  forget_gathered();
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
  const auto [norm, finite] = optimize(lr);
  if (!std::isfinite(norm)) explain("the gradient norm");
  if (!finite) explain("a parameter");

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
