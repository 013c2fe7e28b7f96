// Training one step at a time: which examples, which learning rate, what was seen so far.
// Not a loop: whoever calls step() decides about progress lines, checkpoints and when to stop.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/nn/model.hpp"
#include "qkvbench/optim/adam.hpp"
#include "qkvbench/optim/schedule.hpp"
#include "qkvbench/train/prefetcher.hpp"
#include "qkvbench/train/reducer.hpp"
#include "qkvbench/train/watch.hpp"

namespace qkvbench::train {

/// How a model learns from another one: (1 - weight)·CE + weight·τ² KL + layers·Σ over layers of the mean squared
/// distance of what attention adds.
struct DistillOptions {
  double weight = 0.5, temperature = 2, layers = 0;
};

struct TrainOptions {
  index_t batch_size = 128;
  index_t micro_batch = 0;  ///< examples on the tape at a time, at least 1; gradients add up over a batch
  index_t total_steps = 0;
  index_t log_every = 0;  ///< steps that one point of the curve averages over, at least 1
  double lr = 1e-3;
  optim::ScheduleOptions schedule;
  optim::AdamOptions adam;
  std::uint64_t seed = 0;
  DistillOptions distill{};  ///< of no effect without a teacher
  std::string freeze{};      ///< parameters whose names begin so keep their values, between commas
  /// To what a step's products round activations, weights and gradients, kFp32 or kBf16; their sums, and all else, are
  /// fp32. A teacher, and whoever evaluates, has fp32 throughout.
  kernels::NumberFormat precision = kernels::NumberFormat::kFp32;
  /// Fixed parts of a step, each with a gradient of its own; they are added as train/replicas.hpp says. A power of two
  /// that divides batch_size. A part has its own micro-batches, none larger than batch_size/replicas.
  index_t replicas = 1;
};

/// Averages over the steps since the point before.
struct CurvePoint {
  index_t step;  ///< steps done when the point was made
  double train_loss, train_accuracy, lr, grad_norm;
};

/// All that a resumed run needs beside parameters and moments.
struct TrainState {
  index_t step = 0, examples_seen = 0, tokens_seen = 0;
  kernels::EvalSums open;  ///< sums over the steps since the last point
  double open_grad_norm = 0;
  std::vector<CurvePoint> curve;
};

class Teacher;

/// One step's numbers.
struct StepReport {
  double loss, grad_norm, lr;
  bool new_point;  ///< a point was added to the curve
};

/// Steps in one epoch: the last batch may be smaller.
index_t steps_per_epoch(index_t examples, index_t batch_size);

/// Micro-batches of nearly equal size with at most 4,096 positions where that is possible: what an operation writes is
/// then still in cache when the next one reads it. A step of larger ones waits for memory instead.
index_t micro_batch_in_cache(index_t batch_size, index_t positions);

/// Which examples each step takes: all of them once an epoch, in the epoch's order.
class BatchSampler {
 public:
  BatchSampler(const data::Dataset& data, const TrainOptions& options)
      : data_(data), batch_size_(options.batch_size), seed_(options.seed) {}
  index_t epoch(index_t step) const { return step / steps_per_epoch(data_.size(), batch_size_); }
  /// How many examples a step takes.
  index_t size(index_t step) const { return end(step) - begin(step); }
  /// The examples [first, first + count) of a step, until the next call.
  std::span<const index_t> examples(index_t step, index_t first, index_t count);

 private:
  index_t begin(index_t step) const { return step % steps_per_epoch(data_.size(), batch_size_) * batch_size_; }
  index_t end(index_t step) const { return std::min(begin(step) + batch_size_, data_.size()); }

  const data::Dataset& data_;
  index_t batch_size_;
  std::uint64_t seed_;
  index_t order_epoch_ = -1;
  std::vector<index_t> order_, examples_;
};

/// Parameters whose names begin with one of the prefixes, between commas.
/// Throws Error (usage) when a prefix begins no name, or nothing is left to train.
std::vector<const nn::Parameter*> frozen_parameters(const nn::Parameters& parameters, const std::string& prefixes);

/// How several processes train one model. Each of the ranks, whose number divides TrainOptions::replicas, computes its
/// share of a step's parts and makes the same steps, to the same bits as a process alone.
struct Together {
  Ranks* ranks = &alone();
  bool shard_optimizer = false;  ///< each keeps Adam's moments of its share of the parameters alone
};

class Trainer {
 public:
  /// The model's parameters must be allocated. Model, data and ranks must outlive the trainer.
  Trainer(nn::Model& model, const data::Dataset& data, const TrainOptions& options, const Together& together = {});
  ~Trainer();

  bool done() const { return state_.step >= options_.total_steps; }
  /// One optimizer step on the next batch. Throws Error (diverged) when a number is not finite, naming the step and the
  /// operation or parameter where it appears first. Parameters are then those before the step, but for a parameter that
  /// its own update made infinite: the update has been made then. Throws what a watch does; parameters are those before
  /// the step and gradients zero, so that the same step can be taken again. Among several ranks all throw the same, but
  /// for an error that is none of these: who throws it has to tell the others with Ranks::fail().
  StepReport step();

  /// Adam's moments as they are laid out like the parameters, for checkpoints. Where every rank has a share of them
  /// that is on rank 0 alone, and only between gather_moments() or load and the next step or share_state().
  std::span<real> first_moment();
  std::span<real> second_moment();
  /// Makes them whole on rank 0; all ranks call it. Of no effect without shares.
  void gather_moments();
  /// Takes over rank 0's parameters, moments and position; all ranks call it.
  void share_state();
  /// From here on steps minimise what DistillOptions say, with this model as the teacher; curves and reports go on with
  /// the cross-entropy. It must outlive the trainer and take the same batches. Throws Error (usage) when it does not.
  void learn_from(const nn::Model& teacher);
  /// Looks on at every step; null ends it.
  void watch(TapeObserver* watch) { watch_ = watch; }

  const TrainState& state() const { return state_; }
  void set_state(TrainState state);
  /// Another number of steps for the points of the curve from here on; of no effect on the parameters.
  void set_log_every(index_t steps) { options_.log_every = steps; }
  /// Gives the memory of activations back until the next step.
  void release_activations() { tape_.arena().release(); }
  /// Bytes of activations and gradients that a step takes.
  std::size_t peak_activation_bytes() { return tape_.arena().peak_bytes(); }
  /// Seconds that steps waited for their data so far; the next batch is made while a step runs.
  double data_wait_s() const { return batches_.waited_s(); }
  /// What holds the activations of a step.
  const Arena& arena() { return tape_.arena(); }

 private:
  /// Micro-batches are numbered through all steps: number = (step · parts + part) · micro-batches of a full part +
  /// which.
  struct MicroBatch {
    index_t step, first, size;  ///< examples [first, first + size) of the step
  };
  MicroBatch micro_batch(index_t number) const;
  bool is_own(index_t number) const;  ///< of this rank's parts, and not empty
  index_t micro_batches_of_part() const {
    return steps_per_epoch(options_.batch_size / options_.replicas, options_.micro_batch);
  }
  index_t micro_batch_after(index_t number) const;
  void fill(index_t number, Batch& batch);
  const Batch& take(index_t number);
  void forget_gathered();
  /// The optimizer's step, and whether all parameters are finite behind it.
  std::pair<double, bool> optimize(double lr);
  /// Forward and backward of a batch; its gradients are those of its losses' sum over `step_targets`.
  kernels::EvalSums accumulate(const Batch& batch, index_t step_targets);
  /// The same of all micro-batches of a part of the step. `watch` looks on, `last` at the last micro-batch of this
  /// rank.
  kernels::EvalSums accumulate_part(index_t part, index_t step_targets, TapeObserver* watch, TapeObserver* last);
  /// This rank's parts of the step, one after the other; the sum of their gradients is left to the reducer.
  kernels::EvalSums accumulate_parts(index_t examples, TapeObserver* watch, TapeObserver* last);
  /// All parts of the step, on all ranks; gradients add up to those of the mean over all scored targets.
  kernels::EvalSums accumulate_all(index_t examples);
  void note(const kernels::EvalSums& score, double norm, double lr);
  /// The step again with an eye on every number, up to the first that is not finite.
  [[noreturn]] void explain(const std::string& what);

  Ranks& ranks_;
  const bool sharded_;
  nn::Model& model_;
  const data::Dataset& data_;
  TrainOptions options_;
  index_t first_part_, own_parts_;  // of this rank
  Reducer reducer_;
  optim::Adam adam_;
  Buffer whole_;  // second_moment() of all ranks, while first_moment() lies where gradients do
  bool gathered_ = false;
  std::vector<kernels::EvalSums> part_scores_;
  Tape tape_;
  std::unique_ptr<Teacher> teacher_;  // none: the targets alone teach
  TapeObserver* watch_ = nullptr;
  TrainState state_;
  BatchSampler sampler_;
  Prefetcher batches_;  // last, so that its thread ends before what it reads goes
};

/// Scores a model on all of a data set, in order, without dropout. Throws what a watch does.
kernels::EvalSums evaluate(const nn::Model& model, const data::Dataset& data, index_t batch_size,
                           TapeObserver* watch = nullptr);

}  // namespace qkvbench::train
