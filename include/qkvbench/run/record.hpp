// The result record: everything that a run leaves for scripts, as one JSON object.
// Its form is data/schema/result.schema.json, which `qkvbench schema` prints.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

/// A finite number, or null; a text that is not empty, or null.
Json or_null(double x);
Json or_null(const std::optional<double>& x);
Json or_null(const std::string& text);

/// How a run ended; imported: it was trained elsewhere; converted: its weights are another run's, changed.
enum class Status { kCompleted, kInterrupted, kDiverged, kFailed, kImported, kConverted };
const char* status_name(Status status);

/// What a model scored on the targets of one kind.
struct KindScore {
  std::string name;
  kernels::EvalSums score;
};

/// What a run measured; the rest of the record follows from the configuration and the build.
struct Outcome {
  Status status = Status::kFailed;
  kernels::EvalSums validation, test;  ///< no targets when the task has no such split or the run did not get that far
  std::vector<KindScore> validation_kinds;  ///< of tasks that tell kinds of targets apart
  train::TrainState state;
  double wall_s = 0, train_s = 0;  ///< of this process
  double data_wait_s = 0;          ///< of train_s, waiting for batches
  index_t tokens_timed = 0;        ///< trained on within train_s
  std::vector<std::string> argv;
};

/// The record. The configuration must be resolved; `facts` are those of its data.
Json result_json(const Config& config, const data::DataFacts& facts, const Outcome& outcome);

/// What a record says of the data.
/// path, sha256 and bytes of each, as every answer that names files has them.
Json files_json(std::span<const data::SourceFile> files);
Json dataset_json(const data::DataFacts& facts);

/// What scores on the two splits mean: loss and accuracy of each that has targets, and for text perplexity, bits a
/// byte and the distance to the floor where they are known; of kinds of validation targets, and of the rest, the loss.
Json scores_json(const kernels::EvalSums& validation, const kernels::EvalSums& test, const data::DataFacts& facts,
                 std::span<const KindScore> validation_kinds = {});

/// The part of a record that is a function of configuration and build alone: without timing, env, tool and argv.
Json canonical_part(Json result);
nlohmann::json canonical_part(nlohmann::json result);

/// A vocabulary as a model file's metadata holds it: kind, and symbols or how many ids there are.
Json tokenizer_json(const data::Tokenizer& tokenizer);
/// Throws Error (input) naming `origin` when it is not of that form.
data::Tokenizer tokenizer_from_json(const nlohmann::json& json, const std::string& origin);

/// One point of the curve: a line of metrics.jsonl.
Json curve_point_json(const train::CurvePoint& point);

/// Counts the changes in what one configuration computes. Results of different counts are never taken for each other.
///   1: until tool.numerics was written. 2: warm-up and multistep as in the authors' loops.
inline constexpr index_t kNumerics = 2;
/// The count that a result's `tool` object or a checkpoint tells; 1 when it tells none.
index_t numerics_of(const nlohmann::json& tool);
/// Why something of that count cannot stand for this build's; empty when it can.
std::string other_numerics(index_t count);

/// What this build and this machine are.
Json tool_json();
Json env_json();

/// The variant as a record shows it: id, paper name, equation, projections, heads.
Json variant_json(const Config& config);

/// Costs of the configuration's model, as a record shows them.
Json model_json(const Config& config);

}  // namespace qkvbench::run
