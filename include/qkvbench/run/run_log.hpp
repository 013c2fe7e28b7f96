// The learning curve of a run at work, as it grows: metrics.jsonl, and where asked for an event file for TensorBoard.
// Neither is read by the program again; the curve of a resumed run comes from its checkpoint.
#pragma once
#include <optional>

#include "qkvbench/base/files.hpp"
#include "qkvbench/run/run_files.hpp"

namespace qkvbench::run {

/// The lines of metrics.jsonl: an object for each point.
std::string metrics_text(const std::vector<train::CurvePoint>& curve);

/// An event file: a step of the curve is a record with the tags train/loss, train/accuracy, train/lr and
/// train/grad_norm; the metrics of the end, such as test/accuracy, stand at the last step. What a file holds already
/// of these very numbers stays, with its times; whatever else stands behind goes.
class EventLog {
 public:
  explicit EventLog(std::filesystem::path path) : path_(std::move(path)) {}
  /// Makes the file hold the curve so far. Nothing is made of an empty curve without a file. Throws Error (output).
  void begin(const std::vector<train::CurvePoint>& curve);
  void append(const train::CurvePoint& point);
  /// The numbers of the end, at step `result.train.steps`.
  void end(const Result& result);

 private:
  void put(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars);

  std::filesystem::path path_;
  std::string kept_;      // what the file held when it was opened,
  std::size_t at_ = 0;    // of which so much is still true,
  bool follows_ = false;  // and may hold what comes next
  std::optional<AppendFile> file_;
};

/// Writes or completes the event file of a finished run. Throws Error (output).
void log_events(const RunFiles& files, const Result& result);

class RunLog {
 public:
  /// `events`: also an event file; one that is there is gone on with in any case.
  RunLog(const RunFiles& files, bool events);
  /// The curve that the run begins with. An event file is not touched before there is a point.
  void begin(const std::vector<train::CurvePoint>& curve);
  void append(const train::CurvePoint& point);
  void end(const Result& result);

 private:
  std::filesystem::path path_;
  std::optional<AppendFile> metrics_;
  std::optional<EventLog> events_;
};

}  // namespace qkvbench::run
