// The words of a run: "begin" or "nothing to do"; one for each step, by the trainer; the end.
// Whoever fails in between says so in the place of the next word, so both sides must say as many.
#include "qkvbench/run/together.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/system.hpp"

namespace qkvbench::run {

namespace {

enum Beginning { kNothingToDo, kBegin };

std::int64_t hear(Ranks& ranks, std::int64_t first = 0) {
  Word word;
  word.first = first;
  return ranks.agree(word).first;
}

/// A trainer of its own, which hears of everything from rank 0.
class Follower {
 public:
  Follower(const Config& config, data::TaskData& data, const RunOptions& options, Monitor& monitor)
      : together_(options.together),
        monitor_(monitor),
        model_(config.model),
        data_(data.split(data::Split::kTrain)),
        trainer_(allocated(), *data_, config.train, options.together),
        stop_([&monitor] { return monitor.wants_stop(); }, [&monitor] { return monitor.stop_signal(); }) {
    if (config.distill.empty()) return;
    teacher_ = load_teacher(config, data.facts().tokenizer);
    trainer_.learn_from(*teacher_->model);
  }

  /// The signal that ended it early, or 0.
  int run() {
    if (hear(*together_.ranks) == kNothingToDo) return 0;
    worked_ = true;
    trainer_.share_state();
    monitor_.on_worth_saving(true);
    int signal = 0;
    try {
      train();
    } catch (const train::Stopped& stopped) {
      signal = stopped.signal;
      trainer_.gather_moments();
    } catch (const Error& error) {
      if (error.status() != Exit::kDiverged) throw;
    }
    return signal;
  }
  bool worked() const { return worked_; }

 private:
  nn::Model& allocated() {
    model_.parameters().allocate();
    return model_;
  }

  void train() {
    trainer_.watch(&stop_);
    while (!trainer_.done()) {
      trainer_.step();
      save_together(together_, trainer_, false);
    }
  }

  const train::Together& together_;
  Monitor& monitor_;
  nn::Model model_;
  std::unique_ptr<data::Dataset> data_;
  std::optional<LoadedModel> teacher_;  // outlives the trainer
  train::Trainer trainer_;
  train::StopObserver stop_;
  bool worked_ = false;
};

}  // namespace

void Talk::behind_step() {
  ++steps_;
  if (ranks_->size() > 1)
    timing_ = {ranks_->size(), static_cast<index_t>(ranks_->sent_bytes() - sent_) / steps_,
               ranks_->waited_s() - waited_s_};
}

void begin_together(Ranks& ranks, train::Trainer& trainer) {
  if (ranks.size() == 1) return;
  hear(ranks, kBegin);
  trainer.share_state();
}

void end_together(Ranks& ranks, const RunReport& report) {
  if (report.worked)
    hear(ranks, static_cast<std::int64_t>(report.result.status));
  else
    hear(ranks, kNothingToDo);
}

bool save_together(const train::Together& together, train::Trainer& trainer, bool due) {
  const bool done = trainer.done();
  if (!together.shard_optimizer || together.ranks->size() == 1) return due && !done;
  // Behind the last step in any case: rank 0 may be stopped in the test of the model.
  due = hear(*together.ranks, due || done ? 1 : 0) != 0;
  if (due) trainer.gather_moments();
  return due && !done;
}

RunReport follow(const Config& config, data::TaskData& data, const RunOptions& options, Monitor& monitor) {
  RunReport report;
  report.result.config = config;
  Follower follower(config, data, options, monitor);
  report.signal = follower.run();
  report.was_finished = !follower.worked();
  if (follower.worked()) report.result.status = static_cast<Status>(hear(*options.together.ranks));
  monitor.on_worth_saving(false);
  return report;
}

}  // namespace qkvbench::run
