// How long a run will take on this machine, and on several that a network joins: what `train --dry-run` prints.
// Steps are timed, not modelled; what several ranks would add is counted.
#pragma once
#include <vector>

#include "qkvbench/run/costs.hpp"

namespace qkvbench::run {

struct Forecast {
  double step_s = 0;           ///< of one step; evaluations, checkpoints and a teacher's forward pass come on top
  double optimizer_s = 0;      ///< the part of it that does not grow with the batch
  double last_backward_s = 0;  ///< of the last micro-batch's backward pass, behind which ranks send
  index_t steps = 0;           ///< of the run
  bool by_layers = false;      ///< measured on fewer layers or a part of the batch
  double total_s() const { return step_s * static_cast<double>(steps); }
};

/// Takes some steps, a second of them or so, of the model on the task's own data, with threads(). Where four of them
/// would take more than some seconds, models of one and of two layers do, on as much of the batch as fits a second:
/// layers cost the same each, and so do examples, but for the optimizer's part, which is counted once a step.
/// The configuration must be resolved. Throws as opening the task's data does.
Forecast forecast(const Config& config);

/// Seconds of one step: all but the optimizer, and that.
struct StepTime {
  double products_s, optimizer_s;
};

/// A step of 1 + `more` layers from those of one layer and of two, whose layer makes `layer_share` of the multiply-adds
/// of the model of one layer. What a further layer takes is at least half and at most twice what these say.
StepTime of_layers(const StepTime& one, const StepTime& two, double layer_share, index_t more);

/// What a rank would hold and do where the run has replicas.
struct RankForecast {
  index_t ranks = 1;
  index_t memory_bytes = 0, sharded_memory_bytes = 0;  ///< of each, without and with --shard-optimizer
  index_t sent_bytes_per_step = 0;                     ///< by each
  double wait_s = 0, step_s = 0;                       ///< of a step: what sending adds, and all of it
  index_t steps = 0;
  double waiting() const { return step_s > 0 ? wait_s / step_s : 0; }
  double total_s() const { return step_s * static_cast<double>(steps); }
};

/// 1, 2, 4 … replicas, each rank on a machine like this one: its share of what `alone` says, the optimizer whole, and
/// what it sends, at so many bits a second in either direction, as far as that does not hide behind the last backward
/// pass: the last bucket at least. Latency is not counted.
std::vector<RankForecast> rank_forecasts(const Costs& costs, const Forecast& alone, double bits_per_s);

}  // namespace qkvbench::run
