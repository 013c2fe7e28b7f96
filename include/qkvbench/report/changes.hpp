// Claims of how a penalty changes: with a key of the table, with the models' size, or with what is counted.
// Which of them holds, report/verdicts says.
#pragma once
#include <optional>
#include <string>

#include "qkvbench/report/effects.hpp"

namespace qkvbench::report {

/// What such a claim is judged by.
struct Change {
  Units units;
  std::string test;               ///< "q_kv − q_k_v, for each ten times as many parameters"
  std::optional<double> paper{};  ///< a fraction, as the units are
  bool upwards = false;           ///< the claim is that it lies above its threshold
  std::string unsound{};          ///< why there is no verdict although there is an effect
};

/// Of the claim's differences d = arm − against, seed by seed, a fall of which is a gain where the metric is to be
/// small:
///   kCatchesUp    d at the last value of the recipe's key `by` less d at the first; each must be one configuration
///   kFallsBySize  the slope of d over the decimal logarithm of the parameters that `against` has, all values of `by`
///                 together: a straight line of least squares for each seed
///   kAtPaperSize  what those lines give at the recipe's paper_parameters; unsound where lack_of_fit() has p < 0.01
/// And of all arms together, seed by seed:
///   kHidden       1 − the slope of padded_loss over val_loss: the share of a difference in nats that padding hides
Change change_of(const study::PaperTable& recipe, const study::Claim& claim, const Summary& summary);

}  // namespace qkvbench::report
