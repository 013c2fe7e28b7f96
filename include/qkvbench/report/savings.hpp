// What an arm takes beside the baseline: cache, parameters and time of training, from the runs themselves.
// Not what it scores; and of time only what pairs of runs on one machine tell.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/summary.hpp"

namespace qkvbench::report {

/// The arm's over the baseline's, as far as there is anything to compare.
struct Savings {
  std::optional<Interval> cache;       ///< bytes a token, where models decode: the least and the greatest of all pairs
  std::optional<Interval> parameters;  ///< likewise
  /// Time of a training example: geometric mean over pairs of one configuration and seed on one machine, with as many
  /// threads, of one build; over the groups' means where there are several. None where its 95 % interval (Student's,
  /// of logarithms) has 1 in it, or there are fewer than three.
  std::optional<double> time;
  std::optional<Interval> time_interval;
  std::size_t time_pairs = 0;

  bool any() const { return cache || parameters || time; }
};

/// Over these groups, of those in which both have runs.
Savings savings_of(const Summary& summary, const std::vector<Group>& groups, const Arm& arm, const Arm& baseline);

/// "its cache is 50 % smaller, it has 8–12 % fewer parameters and its training took 3 % [1, 5] less time (12 pairs)";
/// what is the same is left out, what is more is said too. Empty when nothing differs.
std::string savings_text(const Savings& savings);

}  // namespace qkvbench::report
