// The life of a run. Order of the last steps: model, metrics, then result.json, which makes the run finished,
// then the checkpoint goes. A kill at any point leaves a finished result, or a checkpoint, or nothing.
#include "qkvbench/experiment/run.hpp"

#include <cmath>
#include <optional>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/experiment/model_file.hpp"
#include "qkvbench/train/checkpoint.hpp"
#include "qkvbench/train/strict_json.hpp"

namespace qkvbench::experiment {

namespace fs = std::filesystem;

namespace {

/// The files of a run directory.
struct Paths {
  explicit Paths(const fs::path& dir)
      : directory(dir),
        result(dir / "result.json"),
        metrics(dir / "metrics.jsonl"),
        model(dir / "model.safetensors"),
        checkpoint(dir / "checkpoint.safetensors"),
        lock(dir / "lock") {}
  fs::path directory, result, metrics, model, checkpoint, lock;
};

/// The result of a run that ended, completed or diverged; nothing if there is none or it was interrupted.
std::optional<Json> finished_result(const Paths& paths) {
  if (!fs::exists(paths.result)) return std::nullopt;
  const std::string text = read_file(paths.result);
  const Json result = train::parse_json(text, paths.result.string());
  const auto status = result.is_object() && result.contains("status") ? result["status"] : Json(nullptr);
  if (status == status_name(Status::kCompleted) || status == status_name(Status::kDiverged))
    return Json::parse(text);  // again, with the keys in their order
  if (status == status_name(Status::kInterrupted)) return std::nullopt;
  fail_input(paths.result.string() + " is no result of this tool; move it away or use --overwrite");
}

/// A run at work: model, data, trainer and the files they end up in.
class Worker {
 public:
  Worker(const Config& config, const data::DataFacts& facts, const RunOptions& options, const Paths& paths,
         Monitor& monitor)
      : config_(config),
        options_(options),
        paths_(paths),
        monitor_(monitor),
        facts_(facts),
        model_(model_config(config)),
        train_data_(make_data(data::Split::kTrain)),
        trainer_(allocated(), *train_data_, train_options(config)) {}

  RunReport run() {
    if (options_.resume && fs::exists(paths_.checkpoint))
      load_checkpoint();
    else
      model_.parameters().initialise(config_.seed);
    write_metrics();
    RunReport report{paths_.directory, {}, false, Status::kCompleted, ""};
    try {
      if (!train()) report.status = Status::kInterrupted;
    } catch (const Error& error) {
      if (error.status() != Exit::kDiverged) throw;
      report.status = Status::kDiverged;
      report.error = error.what();
    }
    finish(report);
    return report;
  }

 private:
  std::unique_ptr<data::Dataset> make_data(data::Split split) const {
    return data::find_task(config_.task).make(task_options(config_), split);
  }
  nn::Model& allocated() {
    model_.parameters().allocate();
    return model_;
  }

  void load_checkpoint() {
    const auto file = train::Safetensors::read(paths_.checkpoint);
    if (file.metadata("config") != config_json(config_).dump())
      fail_input(paths_.checkpoint.string() + " is of another configuration; use --overwrite to begin anew");
    train::load_checkpoint(file, model_, trainer_);
  }

  /// The curve so far; what an earlier process wrote behind its checkpoint goes.
  void write_metrics() {
    std::string lines;
    for (const auto& point : trainer_.state().curve) lines += curve_point_json(point).dump() + "\n";
    metrics_.emplace(paths_.metrics, 0);
    metrics_->append(lines);
  }

  void save_checkpoint() {
    metrics_->sync();
    train::write_checkpoint(paths_.checkpoint, model_, trainer_, config_json(config_).dump());
  }

  /// All remaining steps; false when the monitor stopped it.
  bool train() {
    const double begin = seconds_now();
    const index_t first_step = trainer_.state().step, first_token = trainer_.state().tokens_seen;
    const index_t total = train_options(config_).total_steps;
    double saved = begin;
    while (!trainer_.done()) {
      if (monitor_.wants_stop()) {
        save_checkpoint();
        return false;
      }
      if (trainer_.step().new_point) metrics_->append(curve_point_json(trainer_.state().curve.back()).dump() + "\n");
      const double now = seconds_now();
      const train::TrainState& state = trainer_.state();
      train_s_ = now - begin;
      tokens_timed_ = state.tokens_seen - first_token;
      const auto done = static_cast<double>(state.step - first_step);
      monitor_.on_step({state.step, total, state.curve.empty() ? NAN : state.curve.back().train_loss,
                        state.curve.empty() ? NAN : state.curve.back().train_accuracy,
                        static_cast<double>(tokens_timed_) / train_s_,
                        static_cast<double>(total - state.step) * train_s_ / done});
      if (now - saved >= options_.checkpoint_every_s && !trainer_.done()) {
        save_checkpoint();
        saved = now;
      }
    }
    return true;
  }

  void finish(RunReport& report) {
    Outcome outcome;
    outcome.status = report.status;
    outcome.state = trainer_.state();
    outcome.train_s = train_s_;
    outcome.data_wait_s = trainer_.data_wait_s();
    outcome.tokens_timed = tokens_timed_;
    outcome.argv = options_.argv;
    metrics_->sync();
    trainer_.release_activations();  // evaluation takes its own
    if (report.status == Status::kCompleted) {
      outcome.validation = train::evaluate(model_, *make_data(data::Split::kValidation), config_.micro_batch);
      outcome.test = train::evaluate(model_, *make_data(data::Split::kTest), config_.micro_batch);
      train::write_model(paths_.model, model_, model_metadata(config_, facts_));
    }
    outcome.wall_s = seconds_now() - began_;
    report.result = result_json(config_, facts_, outcome);
    write_file_atomic(paths_.result, report.result.dump(2) + "\n");
    if (report.status != Status::kInterrupted) fs::remove(paths_.checkpoint);
  }

  const double began_ = seconds_now();
  const Config& config_;
  const RunOptions& options_;
  const Paths& paths_;
  Monitor& monitor_;
  const data::DataFacts& facts_;
  nn::Model model_;
  std::unique_ptr<data::Dataset> train_data_;
  train::Trainer trainer_;
  std::optional<AppendFile> metrics_;
  double train_s_ = 0;
  index_t tokens_timed_ = 0;
};

}  // namespace

RunReport run(const Config& config, const RunOptions& options, Monitor& monitor) {
  const Paths paths(options.out / run_name(config));
  const data::DataFacts facts = data::find_task(config.task).facts(task_options(config));
  make_directories(paths.directory);
  const FileLock lock(paths.lock, paths.directory.string());
  if (!options.overwrite) {
    if (const auto result = finished_result(paths)) {
      if (result->value("dataset", Json()) != dataset_json(facts))
        fail_usage("the finished run in " + paths.directory.string() +
                   " was trained on other data of the same name; --overwrite runs it again on what is there now");
      const bool diverged = (*result)["status"] == status_name(Status::kDiverged);
      return {paths.directory, *result, true, diverged ? Status::kDiverged : Status::kCompleted,
              diverged ? "it diverged when it was run" : ""};
    }
    if (fs::exists(paths.checkpoint) && !options.resume)
      fail_usage("an unfinished run is in " + paths.directory.string() +
                 "; --resume goes on with it, --overwrite begins anew");
  }
  return Worker(config, facts, options, paths, monitor).run();
}

LoadedModel load_run(const fs::path& path, const std::function<void(Config&)>& adapt) {
  const fs::path file_path = fs::is_directory(path) ? path / "model.safetensors" : path;
  if (!fs::exists(file_path)) {
    const bool unfinished = fs::exists(path / "checkpoint.safetensors");
    fail_input("there is no " + file_path.string() +
               (unfinished ? "; the run there is not finished, train it on with --resume" : ""));
  }
  const auto file = train::Safetensors::read(file_path);
  LoadedModel loaded;
  const std::string origin = file_path.string() + ": config";
  try {
    loaded.config = config_from_json(train::parse_json(file.metadata("config"), origin), origin);
    resolve(loaded.config);
  } catch (const Error& error) {
    if (error.status() != Exit::kUsage) throw;
    fail_input(error.what());  // what is wrong is in the file, not on the command line
  }
  if (adapt) adapt(loaded.config);
  resolve(loaded.config);
  read_metadata(file, loaded);
  loaded.model = std::make_unique<nn::Model>(model_config(loaded.config));
  loaded.model->parameters().allocate();
  train::load_model(file, "", *loaded.model);
  return loaded;
}

}  // namespace qkvbench::experiment
