// The life of a run. Order of the last steps: model, metrics, manifest, then result.json, which makes the run finished,
// then the checkpoints go. A kill at any point leaves a finished result, or a checkpoint, or nothing.
#include "qkvbench/run/run.hpp"

#include <cmath>
#include <optional>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/evaluate.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/model_file.hpp"
#include "qkvbench/run/run_files.hpp"
#include "qkvbench/run/run_log.hpp"
#include "qkvbench/run/together.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

/// What a run learns from.
struct RunData {
  std::shared_ptr<data::TaskData> data;
  data::DataFacts facts;
};

/// A run at work: model, data, trainer and the files they end up in.
class Worker {
 public:
  Worker(const Config& config, const RunData& data, const RunOptions& options, const RunFiles& files, Monitor& monitor)
      : config_(config),
        options_(options),
        files_(files),
        monitor_(monitor),
        data_(*data.data),
        facts_(data.facts),
        model_(config.model),
        train_data_(data_.split(data::Split::kTrain)),
        trainer_(allocated(), *train_data_, config.train, options.together),
        checkpoints_(files.directory),
        log_(files, options.events),
        stop_([&monitor] { return monitor.wants_stop(); }, [&monitor] { return monitor.stop_signal(); }) {
    if (config.distill.empty()) return;
    teacher_ = load_teacher(config, facts_.tokenizer);
    trainer_.learn_from(*teacher_->model);
  }

  RunReport run() {
    if (!options_.resume || !load_checkpoint()) begin_weights();
    begin_together(*options_.together.ranks, trainer_);
    log_.begin(trainer_.state().curve);
    Status status = Status::kCompleted;
    RunReport report{files_.directory, {}, false, "", 0, true};
    monitor_.on_worth_saving(true);
    try {
      train();
      test();
    } catch (const train::Stopped& stopped) {
      if (!trainer_.done()) trainer_.gather_moments();  // else they are whole
      save_checkpoint();
      status = Status::kInterrupted;
      report.signal = stopped.signal;
    } catch (const RankLost&) {
      if (!options_.together.shard_optimizer) save_checkpoint();
      throw;
    } catch (const Error& error) {
      if (error.status() != Exit::kDiverged) throw;
      status = Status::kDiverged;
      report.error = error.what();
    }
    report.result = finish(status);
    monitor_.on_worth_saving(false);
    return report;
  }

 private:
  nn::Model& allocated() {
    model_.parameters().allocate();
    return model_;
  }

  /// Random, or those that the configuration names.
  void begin_weights() {
    if (config_.init_from.empty()) return model_.parameters().initialise(config_.task.seed);
    train::load_model(formats::Safetensors::map(config_.init_from.found("begins with", "--init-from")), "", model_);
  }

  bool load_checkpoint() {
    const auto load = [this](const fs::path& path) {
      const auto file = formats::Safetensors::read(path);
      const Config begun = config_in(file.metadata("config"), path.string() + ": config");
      if (!same_training(begun, config_)) fail_input(path.string() + " is of another configuration");
      check_numerics(file);
      if (file.metadata().contains("dataset"))
        check_same_data(formats::parse_json(file.metadata("dataset"), path.string()), facts_, "unfinished",
                        files_.directory);
      else if (!facts_.files.empty())
        monitor_.on_note(path.string() + " does not say which data it was trained on; going on with what is there");
      train::load_checkpoint(file, model_, trainer_);
      keep_points(begun.train.log_every);
    };
    return checkpoints_.load_newest(load, [this](const std::string& text) { monitor_.on_note(text); });
  }

  /// A run that began by other rules would end as neither.
  void check_numerics(const formats::Safetensors& file) const {
    const auto written = file.metadata().find("numerics");
    const auto json =
        written == file.metadata().end() ? nlohmann::json() : nlohmann::json::parse(written->second, nullptr, false);
    if (const std::string other = other_numerics(formats::is_count(json) ? json.get<index_t>() : 1); !other.empty())
      fail_usage("the unfinished run in " + files_.directory.string() + " cannot go on: " + other +
                 "; --overwrite begins anew");
  }

  /// A curve keeps the distance of the points that it began with.
  void keep_points(index_t log_every) {
    if (log_every == config_.train.log_every) return;
    monitor_.on_note("the curve goes on with log_every " + std::to_string(log_every) + ", as it began");
    config_.train.log_every = log_every;
    trainer_.set_log_every(log_every);
  }

  void save_checkpoint() {
    checkpoints_.save(trainer_.state().step, [this](const fs::path& path) {
      return train::write_checkpoint(path, model_, trainer_,
                                     {{"config", config_json(config_).dump()},
                                      {"dataset", formats::text_of(dataset_json(facts_))},
                                      {"numerics", std::to_string(kNumerics)}});
    });
    saved_s_ = seconds_now();
  }

  bool checkpoint_is_due() {
    const CheckpointEvery& every = options_.checkpoint_every;
    return monitor_.wants_checkpoint() ||
           (every.steps > 0 ? trainer_.state().step % every.steps == 0 : seconds_now() - saved_s_ >= every.seconds);
  }

  /// All remaining steps. Throws Stopped between two operations when the monitor asks for it.
  void train() {
    const double begin = saved_s_ = seconds_now();
    talk_ = Talk(*options_.together.ranks);
    const index_t first_step = trainer_.state().step, first_token = trainer_.state().tokens_seen;
    const index_t total = config_.train.total_steps;
    trainer_.watch(&stop_);
    while (!trainer_.done()) {
      if (trainer_.step().new_point) log_.append(trainer_.state().curve.back());
      const train::TrainState& state = trainer_.state();
      train_s_ = seconds_now() - begin;
      talk_.behind_step();
      tokens_timed_ = state.tokens_seen - first_token;
      const auto done = static_cast<double>(state.step - first_step);
      monitor_.on_step({state.step, total, state.curve, static_cast<double>(tokens_timed_) / train_s_,
                        static_cast<double>(total - state.step) * train_s_ / done});
      if (save_together(options_.together, trainer_, checkpoint_is_due())) save_checkpoint();
    }
  }

  void test() {
    trainer_.release_activations();  // evaluation takes its own
    try {
      scores_ = score_splits(model_, data_, config_.train.micro_batch, {}, &stop_);
    } catch (const Error& error) {
      if (error.status() != Exit::kDiverged) throw;
      throw Error(Exit::kDiverged, "after step " + std::to_string(trainer_.state().step) +
                                       ": the loss of the test is not finite; try a smaller --lr or --grad-clip");
    }
  }

  /// Writes what a run of that status leaves.
  Result finish(Status status) {
    Outcome outcome;
    outcome.status = status;
    outcome.state = trainer_.state();
    outcome.train_s = train_s_;
    outcome.data_wait_s = trainer_.data_wait_s();
    outcome.tokens_timed = tokens_timed_;
    outcome.ranks = talk_.timing();
    outcome.argv = options_.argv;
    std::optional<formats::ManifestEntry> model;
    if (status == Status::kCompleted) {
      outcome.scores = scores_;
      model = train::write_model(files_.model, model_, model_metadata(config_, facts_));
    }
    outcome.wall_s = seconds_now() - began_;
    Result result = result_of(config_, facts_, outcome);
    if (status == Status::kInterrupted) {
      write_file_atomic(files_.result, result_text(result));
    } else {
      log_.end(result);
      write_finished(files_, model, metrics_text(trainer_.state().curve), result);
      checkpoints_.clear();
    }
    return result;
  }

  const double began_ = seconds_now();
  Config config_;
  const RunOptions& options_;
  const RunFiles& files_;
  Monitor& monitor_;
  data::TaskData& data_;
  const data::DataFacts& facts_;
  nn::Model model_;
  std::unique_ptr<data::Dataset> train_data_;
  std::optional<LoadedModel> teacher_;  // outlives the trainer
  train::Trainer trainer_;
  Checkpoints checkpoints_;
  RunLog log_;
  train::StopObserver stop_;
  Scores scores_;
  Talk talk_{*options_.together.ranks};
  double train_s_ = 0, saved_s_ = 0;
  index_t tokens_timed_ = 0;
};

/// Runs beside what is there and puts it in its place once it is finished.
RunReport replace_run(const Config& config, const RunData& data, const RunOptions& options, const RunFiles& files,
                      Monitor& monitor) {
  const RunFiles fresh(replacement_of(files.directory));
  std::error_code ignored;
  if (!options.resume) fs::remove_all(fresh.directory, ignored);
  make_directories(fresh.directory);
  // Whoever comes after the exchange finds this lock in the place of the other.
  const FileLock lock(fresh.lock, files.directory.string());
  remove_left_over(fresh.directory);
  RunReport report{files.directory, {}, false, ""};
  if (const auto result = finished_result(fresh)) {  // it came to its end, but not to its place
    check_same_data(dataset_json(result->dataset), data.facts, "finished", fresh.directory);
    report.result = *result;
  } else {
    report = Worker(config, data, options, fresh, monitor).run();
  }
  if (report.result.status == Status::kInterrupted) return report;
  put_in_place(files.directory);
  report.directory = files.directory;
  return report;
}

/// The result that is there, of today's data; keys in which its configuration differs without effect are told.
RunReport found(const Config& config, const data::DataFacts& facts, const RunFiles& files, const Result& result,
                const RunOptions& options, Monitor& monitor) {
  if (const std::string other = other_numerics(result.tool.numerics); !other.empty())
    fail_usage("the finished run in " + files.directory.string() + " is not this build's: " + other +
               "; --overwrite runs it again, another --out keeps both");
  check_same_data(dataset_json(result.dataset), facts, "finished", files.directory);
  if (const std::string keys = differing_keys(result.config, config); !keys.empty())
    monitor.on_note("the run that is there has " + keys + ": the weights are the same");
  if (options.events) log_events(files, result);
  return {files.directory, result, true, result.status == Status::kDiverged ? "it diverged when it was run" : ""};
}

/// The run in its directory, which is there and locked.
RunReport run_locked(const Config& config, const RunData& data, const RunOptions& options, const RunFiles& files,
                     Monitor& monitor) {
  remove_left_over(files.directory);
  if (options.overwrite) return replace_run(config, data, options, files, monitor);
  if (const auto result = finished_result(files)) return found(config, data.facts, files, *result, options, monitor);
  if (!options.resume && Checkpoints(files.directory).any())
    fail_usage("an unfinished run is in " + files.directory.string() +
               "; --resume goes on with it, --overwrite begins anew");
  return Worker(config, data, options, files, monitor).run();
}

/// Opened and looked at, so that missing data are told before anything is made.
RunData data_of(const Config& config, const RunOptions& options) {
  RunData data{options.data, {}};
  if (!data.data) data.data = data::find_task(config.task.id).open(config.task);
  data.facts = data.data->facts();
  return data;
}

}  // namespace

RunReport run(const Config& config, const RunOptions& options, Monitor& monitor) {
  const RunFiles files(run_directory(options.out, config));
  const RunData data = data_of(config, options);
  if (!options.together.ranks->is_first()) return follow(config, *data.data, options, monitor);
  Footprint footprint({options.out, files.directory, replacement_of(files.directory)});
  make_directories(options.out);
  make_directories(files.directory);
  const FileLock lock(files.lock, files.directory.string());
  footprint.begin();
  RunReport report = run_locked(config, data, options, files, monitor);
  footprint.keep();
  end_together(*options.together.ranks, report);
  return report;
}

}  // namespace qkvbench::run
