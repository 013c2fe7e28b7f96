// One run in its directory: begun, saved on the way, resumed, finished, or found finished.
// The only place that knows which files a run directory holds.
#pragma once
#include <filesystem>
#include <optional>

#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::run {

/// How often a run saves: after so many steps, or so many seconds when steps is 0.
struct CheckpointEvery {
  index_t steps = 0;
  double seconds = 60;
};

struct RunOptions {
  std::filesystem::path out = "results";
  bool overwrite = false, resume = false;
  bool events = false;  ///< also an event file for TensorBoard, of a run that is found finished too
  CheckpointEvery checkpoint_every;
  std::vector<std::string> argv;
  std::shared_ptr<data::TaskData> data;  ///< of the configuration, to share among runs; none: each opens its own
  /// With whom to train; all ranks call run() alike. Rank 0 alone reads and writes files of runs, and tests the model.
  train::Together together;
};

/// What a run tells whoever watches, once a step.
struct Progress {
  index_t step, total_steps;
  const std::vector<train::CurvePoint>& curve;  ///< so far
  double tokens_per_s, left_s;
};

/// Watches a run and may stop it.
class Monitor {
 public:
  virtual ~Monitor() = default;
  virtual void on_step(const Progress&) {}
  /// Asked before every operation of a step and of the tests at the end: true saves a checkpoint and leaves.
  virtual bool wants_stop() { return false; }
  /// The signal that asks for it; 0: the time is up.
  virtual int stop_signal() { return 0; }
  /// Asked once a step: true saves a checkpoint and goes on.
  virtual bool wants_checkpoint() { return false; }
  /// From here on, or no longer, there is something to save when the run is to stop.
  virtual void on_worth_saving(bool) {}
  /// Something that went wrong and was got over.
  virtual void on_note(const std::string&) {}
};

struct RunReport {
  std::filesystem::path directory;
  Result result;
  bool was_finished = false;  ///< found, not run
  std::string error;          ///< why it diverged
  int signal = 0;             ///< that interrupted it, on whichever rank; 0: its time was up
  bool worked = false;        ///< this process trained or tested it
};

/// Trains and tests the resolved configuration in run_directory(out, config), or returns the finished result that is
/// there. Files: result.json, metrics.jsonl, model.safetensors and their manifest; while unfinished checkpoints; a lock
/// that stays. With overwrite the run works in a hidden directory beside it, and what was there stays until it is
/// finished. A run that fails before its first step leaves no directory that was not there before. Throws Error: usage
/// when an unfinished run is there and neither resume nor overwrite is asked for, or when what is there was trained on
/// other data than today's; input when what is there is damaged; output when a file cannot be written or another
/// process is at work there. Among several ranks an error of one is for its caller to tell (Ranks::fail) and reaches
/// all; of the report other ranks than 0 have `was_finished`, `signal` and the result's status alone.
RunReport run(const Config& config, const RunOptions& options, Monitor& monitor);

/// A trained model and what it was trained with.
struct LoadedModel {
  Config config;
  std::optional<data::Tokenizer> tokenizer;   ///< of language models
  std::vector<std::string> class_names;       ///< of models of images; empty in files of before they were kept
  std::optional<data::Normalisation> pixels;  ///< likewise
  nlohmann::json dataset;                     ///< what it was trained on, as in result.json; null in older files
  std::unique_ptr<nn::Model> model;
};

/// What its data are made by: the configuration, and how text and images were turned to numbers in training.
data::TaskOptions task_options(const LoadedModel& run);

/// Reads a run directory or a model file. `adapt` may change the configuration before the model is made.
/// Throws Error (input) when it is missing, damaged or not a model of this tool.
LoadedModel load_run(const std::filesystem::path& path, const std::function<void(Config&)>& adapt = {});

/// The model that `distill` names, for a run on data of these tokens (none: no text). Throws as load_run(), and Error
/// (usage) when no file is named or the tokens differ.
LoadedModel load_teacher(const Config& config, const std::optional<data::Tokenizer>& tokenizer);

}  // namespace qkvbench::run
