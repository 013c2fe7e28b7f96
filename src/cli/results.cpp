// Messages and JSON of many results.
// Nothing is decided here.
#include "qkvbench/cli/results.hpp"

namespace qkvbench::cli {

void note_left_out(const Session& session, const std::vector<experiment::LeftOut>& left_out) {
  for (const experiment::LeftOut& one : left_out) note(session, "left out: " + one.path.string() + ": " + one.reason);
}

experiment::Json interval_json(const std::optional<report::Interval>& interval) {
  return interval ? experiment::Json::array({interval->low, interval->high}) : experiment::Json(nullptr);
}

}  // namespace qkvbench::cli
