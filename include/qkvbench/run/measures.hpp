// The measures of `analyze`: one table, with the definition of each beside how it is computed.
// Not the mathematics (run/similarity, run/spectrum, run/attention_measures), nor what is measured (run/analyze).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace qkvbench::run {

struct HeadAttention;
struct Projected;
struct Spectrum;

/// A measured value; none has its reason, and measures of heads or angles have one for each.
struct Measured {
  std::optional<double> value;
  std::vector<std::optional<double>> items;
  std::string reason{};  ///< why there is no value, or not all of them; empty where there are
};

/// What a measure is of.
enum class Subject { kPair, kTensor, kAttention };

/// A row of the table. Exactly one of the last three is set.
struct Measure {
  const char* id;
  const char* scope;  ///< weight, activation, activation_centred or attention
  const char* items;  ///< what `items` are: "head", "angle" or ""
  const char* title;  ///< of its column in tables; empty: in JSON alone
  const char* definition;
  const char* source;
  Measured (*pair)(const Projected& first, const Projected& second);
  std::optional<double> Spectrum::*tensor;
  double HeadAttention::*attention;

  Subject subject() const { return pair ? Subject::kPair : tensor ? Subject::kTensor : Subject::kAttention; }
};

/// All measures, in the order of every listing.
std::span<const Measure> all_measures();

/// A measure of two tensors, with the reasons for what is missing.
Measured measure_pair(const Measure& measure, const Projected& first, const Projected& second);

/// CKA of each head of `first` with each head of `second`.   result: [heads, heads], row by row, 0 where there is none.
std::vector<double> cka_of_heads(const Projected& first, const Projected& second);

/// Mean over items that exist.
std::optional<double> mean_of(const std::vector<std::optional<double>>& items);

}  // namespace qkvbench::run
