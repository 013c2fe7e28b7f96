// The result of a run: everything that it leaves for scripts, in memory and as one JSON object, written and read side
// by side. Its form is data/schema/result.schema.json, which `qkvbench schema` prints.
// Where results come from is in run/record, where they are kept in run/run_files and run/records.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "qkvbench/run/config.hpp"
#include "qkvbench/run/numbers.hpp"

namespace qkvbench::run {

/// How a run ended; imported: it was trained elsewhere; converted: its weights are another run's, changed.
enum class Status { kCompleted, kInterrupted, kDiverged, kFailed, kImported, kConverted };
const char* status_name(Status status);
/// Nothing when no status is called so.
std::optional<Status> status_of_name(std::string_view name);

/// The program that computed a result.
struct Tool {
  std::string version, git_sha, compiler, flags;
  std::string gemm;      ///< the matrix-product routine
  index_t numerics = 1;  ///< see kNumerics; 1 in results of before it was written
};

/// Where it ran.
struct Machine {
  std::string cpu, isa;
  index_t threads = 0;
  std::string os;
};

/// What its model costs.
struct ModelCosts {
  index_t params_total = 0, params_attention = 0, macs_forward = 0, kv_cache_bytes_per_token = 0;
};

/// What was done, over all processes of the run.
struct TrainCounts {
  index_t steps = 0, examples_seen = 0, tokens_seen = 0;
};

/// What rank 0 of several did beside computing.
struct RankTiming {
  index_t ranks = 0, sent_bytes_per_step = 0;
  std::optional<double> rank_wait_s;  ///< of train_s, sending and waiting for others
};

/// Of the process that wrote the result; nothing where a number was not finite.
struct Timing {
  std::optional<double> wall_s, train_s, data_wait_s, tokens_per_s, examples_per_s;
  index_t peak_rss_bytes = 0;
  std::optional<RankTiming> ranks;  ///< of several ranks
};
/// All members under their names; those of ranks where there are some.
Numbers timing_numbers(const Timing& timing);

/// What a model was before it was converted, and how it was changed.
struct Conversion {
  std::string variant;
  index_t kv_heads = 0;
  std::vector<std::string> methods;
  bool exact = false;  ///< it computes the same as before
};

/// Where a model is from that was not trained here.
struct Origin {
  std::string format;                   ///< whose form its files have
  std::vector<data::SourceFile> files;  ///< that were read
  Numbers claims;                       ///< scores that the files state of themselves
  std::optional<Conversion> conversion;
};

struct Result {
  Status status = Status::kFailed;
  Tool tool;
  std::vector<std::string> argv;
  Config config;
  data::DataFacts dataset;  ///< name, numbers of examples and files; the rest is not kept
  ModelCosts model;
  Numbers metrics;
  std::vector<train::CurvePoint> curve;  ///< numbers that are null are NaN
  TrainCounts train;
  Timing timing;
  Machine env;
  std::optional<Origin> origin;
};

Json result_json(const Result& result);
/// What result_json() writes, and results of earlier versions. Properties that are not known are passed over.
/// Throws Error (input): `origin`, and the property that is not there or not of its type, or the configuration's fault.
Result result_from_json(const Json& json, const std::string& origin);
/// What an object says of its status, whatever else is wrong with it; nothing when it says none that is known.
std::optional<Status> status_in(const Json& json);
/// From the text of a result.json, which is not trusted. Throws Error (input) as result_from_json(), or as
/// formats::parse_ordered().
Result parse_result(std::string_view text, const std::string& origin);

/// The text of a result.json.
std::string result_text(const Result& result);

/// The part that is a function of configuration and build alone: without timing, env, tool and argv.
Json canonical_json(const Result& result);

// Parts of a result that other answers and files have too.
Json tool_json(const Tool& tool);
Json machine_json(const Machine& machine);
Json model_json(const ModelCosts& costs);
Json origin_json(const Origin& origin);
/// path, sha256 and bytes of each.
Json files_json(std::span<const data::SourceFile> files);
Json dataset_json(const data::DataFacts& facts);
/// Throws Error (input) as result_from_json().
data::DataFacts dataset_from_json(const Json& json, const std::string& origin);
/// The variant: id, paper name, equation, projections, heads. It follows from the configuration, so it is not read.
Json variant_json(const Config& config);
/// One point of the curve: a line of metrics.jsonl.
Json curve_point_json(const train::CurvePoint& point);

}  // namespace qkvbench::run
