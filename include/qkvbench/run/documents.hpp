// A language model on documents: the perplexity of their text, and beside it the one that counts padding too.
// Files are read in data/documents.
#pragma once
#include <string>

#include "qkvbench/kernels/loss.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

struct DocumentScores {
  data::DataFacts facts;          ///< n_val: documents
  Json metrics = Json::object();  ///< by name, as `eval --documents` prints them
};

/// Scores the text of every document, at most seq_len tokens of each: `perplexity` and `bits_per_byte`. With `padded`
/// also the padding behind it to seq_len, as the paper's released scripts did: `padded_perplexity` is e to the mean
/// over text and padding, comparable with numbers of those scripts and with nothing else. Throws Error (usage) when the
/// model is no language model; otherwise as data::read_documents().
DocumentScores score_documents(const LoadedModel& run, const std::string& spec, bool padded);

}  // namespace qkvbench::run
