// The task of language models: the next token of a text, over the whole validation part of any corpus.
// Not a corpus; corpus.hpp makes and reads those.
#pragma once
#include "qkvbench/data/corpus.hpp"
#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

/// `lm`. Its training examples are TaskOptions::n_train windows, its validation split is scored, it has no test split.
std::span<const Task> text_tasks();

/// A corpus in memory and what was asked for.
struct OpenedCorpus {
  std::string spec;
  index_t asked_vocab;
  bool whole;  ///< as TaskOptions::whole_text
  std::optional<Tokenizer> tokenizer;
  std::shared_ptr<const Corpus> corpus;
};

/// The corpus that the options name; read, unless the options hold it (TaskOptions::opened).
/// Throws Error: as load_corpus(), and (usage) when options.vocab is smaller than the corpus's.
std::shared_ptr<const Corpus> open_corpus(const TaskOptions& options);

}  // namespace qkvbench::data
