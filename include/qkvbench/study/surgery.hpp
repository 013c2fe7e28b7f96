// What `reproduce surgery` does with trained models: ways to make K and V one, and how far the result is trained on.
// Rows only; converting is run/convert's, judging report/surgery's.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>

#include "qkvbench/run/config.hpp"

namespace qkvbench::study {

/// Training on, as shares of the steps that the source was trained for; 0: as converted.
inline constexpr std::array<double, 5> kUptrainingShares{0, 0.01, 0.05, 0.1, 0.2};
/// The learning rate of training on, as a share of the source's.
inline constexpr double kUptrainingRate = 0.3;

/// A way to come to a model with one projection of K and V.
struct SurgeryArm {
  const char* method;  ///< of run/surgery; null: the source itself, trained on
  bool distilled;      ///< with the source as teacher
  std::string name() const;
};
std::span<const SurgeryArm> surgery_arms();

/// A run that trains `model` on for a share of its source's steps.
/// `model`: a run directory; `teacher`: another, or empty.
run::Config uptraining(const std::string& model, const std::string& teacher, double share);

/// A claim on the perplexity of an arm after a share of training on, in per cent above that of what stands beside it.
struct SurgeryClaim {
  enum class Beside { kSource, kScratch, kPlain };  ///< q_k_v; q_kv from scratch; the same arm without a teacher
  const char *id, *text;
  std::size_t arm, share;  ///< places in surgery_arms() and kUptrainingShares
  Beside beside;
  double percent;  ///< the threshold
  bool above;      ///< the number is above it, or else below
};
std::span<const SurgeryClaim> surgery_claims();

}  // namespace qkvbench::study
