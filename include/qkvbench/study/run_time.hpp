// How long runs take on this machine, from the first steps of a few of them.
// Not a model of the machine: real processes are timed, and only what differs little is carried over by counting.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "qkvbench/study/sweep.hpp"

namespace qkvbench::study {

/// Times runs as a sweep makes them: processes of their own, as many at a time, with all that they do besides training.
class RunClock {
 public:
  /// Works in a hidden folder of options.out, which is gone afterwards.
  explicit RunClock(const SweepOptions& options);

  /// Seconds that a sweep of these runs takes. Every size among them (all keys but task of the encoder, variant without
  /// its +, head sharing, seed and length of training) is timed for some steps, once.
  /// Throws Error (internal) when a run cannot be timed, (output) when its folder cannot be written.
  double expect(const std::vector<run::Config>& runs);

  /// A lower bound without timing more: at four times the best speed seen. 0 before anything was timed.
  double at_least(const std::vector<run::Config>& runs) const;
  /// The same at the best speed seen, for a word on what is far too much to time.
  double roughly(const std::vector<run::Config>& runs) const;

 private:
  struct Size {
    double step_s = 0, fixed_s = 0;  ///< a step; all that does not grow with the steps
    double macs = 0;                 ///< of the variant that was timed, forward
  };
  void time_sizes(const std::map<std::string, run::Config>& sizes);

  SweepOptions options_;
  std::map<std::string, Size> known_;
  double best_flop_per_s_ = 0;  ///< of one run among others
};

}  // namespace qkvbench::study
