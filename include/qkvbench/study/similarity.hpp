// What `reproduce similarity` measures of trained models' queries, keys and values, and what is claimed of it, as rows.
// How it is measured is in run/measures, how it is judged in report/similarity.
#pragma once
#include <optional>
#include <span>
#include <string>

namespace qkvbench::study {

/// A measure of two or one of q, k and v, the mean over layers.
struct SimilarityRow {
  const char* of;                 ///< "kv", "qk", "qv", "k": as run::AnalyzedValue has it
  const char* scope;              ///< of run::Measure
  const char* measure;            ///< its id
  const char* title;              ///< "cosine of weights"
  bool share_of_width = false;    ///< shown over the number of channels
  std::optional<double> paper{};  ///< defined nowhere: it stands beside every measure that it may be
};
std::span<const SimilarityRow> similarity_rows();

/// Beside what a trained model's number is set.
enum class Beside {
  kInitial,  ///< the same model before its first step
  kRandom,   ///< random projections of the same input
  kNumber    ///< a number
};

/// A claim on one row, of each kind of model.
struct SimilarityClaim {
  const char *id, *text;
  std::size_t row;  ///< place in similarity_rows()
  Beside beside;
  double number = 0;  ///< with kNumber: the threshold
  bool above = true;  ///< the trained model's number is above it, or else below
};
std::span<const SimilarityClaim> similarity_claims();

}  // namespace qkvbench::study
