// Training one step at a time: which examples, which learning rate, what was seen so far.
// Not a loop: whoever calls step() decides about progress lines, checkpoints and when to stop.
#pragma once
#include <vector>

#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/nn/model.hpp"
#include "qkvbench/optim/adam.hpp"
#include "qkvbench/optim/schedule.hpp"

namespace qkvbench::train {

struct TrainOptions {
  index_t batch_size;
  index_t micro_batch;  ///< examples on the tape at a time; gradients add up over a batch
  index_t total_steps;
  index_t log_every;  ///< steps that one point of the curve averages over
  double lr;
  optim::ScheduleOptions schedule;
  optim::AdamOptions adam;
  std::uint64_t seed;
};

/// Averages over the steps since the point before.
struct CurvePoint {
  index_t step;  ///< steps done when the point was made
  double train_loss, train_accuracy, lr, grad_norm;
};

/// All that a resumed run needs beside parameters and moments.
struct TrainState {
  index_t step = 0, examples_seen = 0, tokens_seen = 0;
  kernels::Score open;  ///< sums over the steps since the last point
  double open_grad_norm = 0;
  std::vector<CurvePoint> curve;
};

/// One step's numbers.
struct StepReport {
  double loss, grad_norm, lr;
  bool new_point;  ///< a point was added to the curve
};

/// Steps in one epoch: the last batch may be smaller.
index_t steps_per_epoch(index_t examples, index_t batch_size);

class Trainer {
 public:
  /// The model's parameters must be allocated. Model and data must outlive the trainer.
  Trainer(nn::Model& model, const data::Dataset& data, const TrainOptions& options);

  bool done() const { return state_.step >= options_.total_steps; }
  /// One optimizer step on the next batch. Throws Error (diverged) naming the step when loss or gradient norm is not
  /// finite; parameters are then those before the step.
  StepReport step();

  const TrainState& state() const { return state_; }
  void set_state(TrainState state);
  optim::Adam& optimizer() { return adam_; }
  /// Gives the memory of activations back until the next step.
  void release_activations() { tape_.arena().release(); }
  /// Bytes of activations and gradients that a step takes.
  std::size_t peak_activation_bytes() { return tape_.arena().peak_bytes(); }
  /// How often the tape asked the system for memory so far.
  std::size_t tape_allocations() { return tape_.arena().system_allocations(); }

 private:
  void find_examples();
  /// Forward and backward of the examples that batch_ holds; `share` is their part of the step's targets.
  kernels::Score accumulate(real share);
  void note(const kernels::Score& score, double norm, double lr);

  nn::Model& model_;
  const data::Dataset& data_;
  TrainOptions options_;
  optim::Adam adam_;
  Tape tape_;
  TrainState state_;
  Batch batch_;
  index_t epoch_ = -1;
  std::vector<index_t> order_;     // of this epoch
  std::vector<index_t> examples_;  // of this step
};

/// Scores a model on all of a data set, in order, without dropout.
kernels::Score evaluate(const nn::Model& model, const data::Dataset& data, index_t batch_size);

}  // namespace qkvbench::train
