// How a result comes about: what this build and this machine are, and what a run's measurements mean.
// The result itself is in run/result.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/run/result.hpp"

namespace qkvbench::run {

/// What a model scored on the targets of one kind.
struct KindScore {
  std::string name;
  kernels::EvalSums score;
};

/// What a model scored on its task's data.
struct Scores {
  kernels::EvalSums validation, test;       ///< no targets where the task has no such split
  std::vector<KindScore> validation_kinds;  ///< of tasks that tell kinds of targets apart
  kernels::EvalSums padding;                ///< of padded documents: validation targets that are padding
};

/// What a run measured; the rest of its result follows from the configuration and the build.
struct Outcome {
  Status status = Status::kFailed;
  Scores scores;  ///< empty when the run did not get that far
  train::TrainState state;
  double wall_s = 0, train_s = 0;   ///< of this process
  double data_wait_s = 0;           ///< of train_s, waiting for batches
  index_t tokens_timed = 0;         ///< trained on within train_s
  std::optional<RankTiming> ranks;  ///< where there were several
  std::vector<std::string> argv;
};

/// The result of a run. The configuration must be resolved; `facts` are those of its data.
Result result_of(const Config& config, const data::DataFacts& facts, const Outcome& outcome);

/// What scores mean: loss and accuracy of each split that has targets, and for text perplexity, bits a byte and the
/// distance to the floor where they are known; of kinds of validation targets, and of the rest, the loss. Where
/// documents are padded, padded_loss and padded_perplexity are of text and padding together.
Numbers numbers_of(const Scores& scores, const data::DataFacts& facts);
/// padding_share, padded_loss and padded_perplexity of text and the padding behind it.
void add_padded(const kernels::EvalSums& text, const kernels::EvalSums& padding, Numbers& numbers);

/// A vocabulary as a model file's metadata holds it: kind, and symbols or how many ids there are.
Json tokenizer_json(const data::Tokenizer& tokenizer);
/// Throws Error (input) naming `origin` when it is not of that form.
data::Tokenizer tokenizer_from_json(const nlohmann::json& json, const std::string& origin);

/// Counts the changes in what one configuration computes. Results of different counts are never taken for each other.
///   1: until tool.numerics was written. 2: warm-up and multistep as in the authors' loops.
inline constexpr index_t kNumerics = 2;
/// Why something of that count cannot stand for this build's; empty when it can.
std::string other_numerics(index_t count);

/// What this build and this machine are.
Tool this_tool();
/// Lines of version and commit, compiler and flags, the instruction set in use and what others the build has, and the
/// libraries it was compiled against.
std::string build_text();
Machine this_machine();

/// Costs of the configuration's model.
ModelCosts model_costs(const Config& config);

}  // namespace qkvbench::run
