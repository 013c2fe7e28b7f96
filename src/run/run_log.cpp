// A file that goes on after a kill: records are compared with those that are there until one is missing or differs.
// The order of a run's other files is in run_files.
#include "qkvbench/run/run_log.hpp"

#include <chrono>

#include "qkvbench/formats/event_file.hpp"
#include "qkvbench/formats/json.hpp"

namespace qkvbench::run {

namespace {

constexpr std::size_t kFrame = 16;  // bytes of a record around its event

double wall_clock_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string line_of(const train::CurvePoint& point) { return curve_point_json(point).dump() + "\n"; }

}  // namespace

std::string metrics_text(const std::vector<train::CurvePoint>& curve) {
  std::string lines;
  for (const train::CurvePoint& point : curve) lines += line_of(point);
  return lines;
}

void EventLog::begin(const std::vector<train::CurvePoint>& curve) {
  if (std::filesystem::exists(path_)) {
    kept_ = read_file(path_);
    const std::string first = formats::version_record(formats::wall_time_of(formats::tf_record_at(kept_, 0)));
    follows_ = kept_.starts_with(first);
    if (follows_) at_ = first.size();
  }
  for (const train::CurvePoint& point : curve) append(point);
}

void EventLog::append(const train::CurvePoint& point) {
  put(point.step, {{"train/loss", point.train_loss},
                   {"train/accuracy", point.train_accuracy},
                   {"train/lr", point.lr},
                   {"train/grad_norm", point.grad_norm}});
}

void EventLog::end(const Result& result) {
  std::vector<std::pair<std::string, double>> scalars;
  for (const Numbers::Number& number : result.metrics) {
    std::string tag = number.name;
    if (!number.value || tag.starts_with("train_")) continue;  // the curve has them
    for (const std::string split : {"val_", "test_"})
      if (tag.starts_with(split)) tag[split.size() - 1] = '/';
    scalars.emplace_back(tag, *number.value);
  }
  if (!scalars.empty()) put(result.train.steps, scalars);
  if (!file_ && at_ < kept_.size()) file_.emplace(path_, at_);
}

void EventLog::put(std::int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  if (follows_) {
    const std::string_view event = formats::tf_record_at(kept_, at_);
    follows_ = !event.empty() && std::string_view(kept_).substr(at_, event.size() + kFrame) ==
                                     formats::scalars_record(formats::wall_time_of(event), step, scalars);
    if (follows_) {
      at_ += event.size() + kFrame;
      return;
    }
  }
  if (!file_) {
    file_.emplace(path_, at_);
    if (at_ == 0) file_->append(formats::version_record(wall_clock_s()));
  }
  file_->append(formats::scalars_record(wall_clock_s(), step, scalars));
}

void log_events(const RunFiles& files, const Result& result) {
  EventLog log(files.events);
  log.begin(result.curve);
  log.end(result);
}

RunLog::RunLog(const RunFiles& files, bool events) : path_(files.metrics) {
  if (events || std::filesystem::exists(files.events)) events_.emplace(files.events);
}

void RunLog::begin(const std::vector<train::CurvePoint>& curve) {
  const std::string text = metrics_text(curve);
  write_file_atomic(path_, text);
  metrics_.emplace(path_, text.size());
  if (events_) events_->begin(curve);
}

void RunLog::append(const train::CurvePoint& point) {
  metrics_->append(line_of(point));
  if (events_) events_->append(point);
}

void RunLog::end(const Result& result) {
  if (events_) events_->end(result);
}

}  // namespace qkvbench::run
