// All measures of a trained model's q, k, v and attention on examples, beside what they are without any training.
// Not a table; whoever asks prints.
#pragma once
#include "qkvbench/run/examples.hpp"
#include "qkvbench/run/measures.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

using AnalyzeRequest = ExamplesRequest;

/// One measure in one layer, beside its two baselines.
struct AnalyzedValue {
  const Measure* measure;
  index_t layer = 0;
  std::string of;  ///< "kv", "qk", "qv"; "q", "k", "v"; "attention"; between two models "q", "k", "v"
  Measured trained;
  Measured initial;  ///< the same configuration and seed before its first step
  Measured random;   ///< random projections of the trained model's X; none of attention
};

/// CKA of each key head with each value head.
struct HeadMap {
  index_t layer = 0;
  std::vector<double> cka;  ///< [key/value heads, key/value heads], row by row
};

struct Analysis {
  index_t examples = 0, positions = 0;  ///< examples, and positions of all of them
  std::vector<AnalyzedValue> values;    ///< by layer
  std::vector<HeadMap> maps;            ///< of key and value; none where they are one tensor
};

/// Runs the model on the first examples of its test split (of text: validation windows).
/// Throws Error: usage when there are not so many examples; input as the task's data do.
Analysis analyze(const LoadedModel& run, const AnalyzeRequest& request);

/// The pair measures between q and q, k and k, v and v of two models on the same examples, those of the first, layer by
/// layer up to the last that both have. No attention and no maps.
/// Throws Error as analyze(), and usage when the second model does not take the first one's examples.
Analysis analyze_against(const LoadedModel& first, const LoadedModel& second, const AnalyzeRequest& request);

}  // namespace qkvbench::run
