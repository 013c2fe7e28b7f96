// A corpus as examples for a language model: windows of T tokens with the token after each as its target.
// No text is copied; a window is cut when a batch asks for it.
#pragma once
#include "qkvbench/data/corpus.hpp"
#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

/// Windows to train on: example i begins at an offset drawn uniformly with the number i of (seed, kTrain), as
/// nanoGPT's random batches do but addressed by i.   ids: [B, T]   targets: [B·T], all scored.
/// Throws Error (usage) unless seq_len and n_windows are at least 1, Error (input) when the training part has fewer
/// than seq_len + 1 tokens.
std::unique_ptr<Dataset> training_windows(std::shared_ptr<const Corpus> corpus, index_t seq_len, index_t n_windows,
                                          std::uint64_t seed);

/// The whole validation part in ⌈targets / T⌉ windows that lie end to end, so that every token but the first is a
/// target exactly once. The last window may be shorter: it is padded with id 0 and targets that are not scored.
///   ids: [B, T]   targets: [B·T]
/// Throws Error (usage) unless seq_len is at least 1, Error (input) when the part has fewer than 2 tokens.
std::unique_ptr<Dataset> validation_windows(std::shared_ptr<const Corpus> corpus, index_t seq_len);

}  // namespace qkvbench::data
