// What the ranks of one run say to each other beside their steps: that it begins, when to save, how it ended.
// The steps are in train/trainer; what rank 0 does with the files is in run/run.
#pragma once
#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

/// What ranks send and wait in the steps from its making on.
class Talk {
 public:
  explicit Talk(const Ranks& ranks) : ranks_(&ranks), sent_(ranks.sent_bytes()), waited_s_(ranks.waited_s()) {}
  void behind_step();
  /// Nothing of a process alone.
  std::optional<RankTiming> timing() const { return timing_; }

 private:
  const Ranks* ranks_;
  std::uint64_t sent_;
  double waited_s_;
  index_t steps_ = 0;
  std::optional<RankTiming> timing_;
};

/// Rank 0, which has the state to go on from: the others take it over and train with it.
void begin_together(Ranks& ranks, train::Trainer& trainer);
/// Rank 0, at the end: tells the others whether there was something to do, and how it ended.
void end_together(Ranks& ranks, const RunReport& report);
/// All ranks behind a step: whether to save now, which is not behind the last. `due` is rank 0's. Where moments are
/// shared out, they are whole on rank 0 then, and behind the last step.
bool save_together(const train::Together& together, train::Trainer& trainer, bool due);

/// The part of any other rank than 0 in run(): trains until rank 0 says how it ended. Reads training data alone.
RunReport follow(const Config& config, data::TaskData& data, const RunOptions& options, Monitor& monitor);

}  // namespace qkvbench::run
