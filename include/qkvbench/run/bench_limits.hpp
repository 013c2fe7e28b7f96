// What repeated measurements of one limit of the machine say: of which shares are taken, and which rows are marked.
// Numbers only: kernels/peak measures them, and on a busy host no two are alike.
#pragma once
#include <algorithm>
#include <limits>

namespace qkvbench::run {

/// Measurements of one limit in one unit, e.g. GB/s: those beside one row, or all of a call.
struct LimitRange {
  double least = std::numeric_limits<double>::infinity(), best = 0;  ///< as of none

  void add(double measured) { add({measured, measured}); }
  void add(const LimitRange& more) {
    least = std::min(least, more.least);
    best = std::max(best, more.best);
  }
};

/// How long one measurement beside a row takes.
inline constexpr double kLimitSeconds = 0.1;
/// By how much of the call's best a limit beside a row may be lower before the row is marked.
inline constexpr double kHostChanged = 0.1;

/// Whether the host gave less while a row was timed: the least of the limits beside it is more than 10 % below the best
/// of the call, of which the row's share is taken.
inline bool host_changed(const LimitRange& beside, const LimitRange& call) {
  return beside.least < (1 - kHostChanged) * call.best;
}

}  // namespace qkvbench::run
