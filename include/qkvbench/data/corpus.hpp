// Text for language modelling: a stream of tokens to train on and one to score, from a generator or from files.
// Not a data set: windows.hpp cuts the streams into examples.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/data/stories.hpp"
#include "qkvbench/data/tokenizer.hpp"
#include "qkvbench/formats/token_file.hpp"

namespace qkvbench::data {

/// What no model can go below, known for generated text only.
struct EntropyFloor {
  double rate_nats;        ///< entropy of the source, nats a token: the expectation over all texts, exact
  double validation_nats;  ///< −log p of the very targets that are scored, nats a target: compare losses with this
  /// Nats a target. A run is below validation_nats − slack_nats − c / targets with a probability of at most exp(−c);
  /// see story_floor_slack_nats().
  double slack_nats;
  std::vector<float> validation_log_probs;  ///< nats, of validation[i] given all tokens before it
};

struct Corpus {
  std::string name;  ///< "stories", or the last part of the path
  Tokenizer tokenizer = Tokenizer::bytes();
  std::vector<std::uint16_t> train, validation;  ///< ids below vocab()
  /// UTF-8 bytes of all tokens of `validation` but the first, which is no target; unknown for files of tokens.
  std::optional<std::uint64_t> validation_target_bytes;
  std::optional<EntropyFloor> floor;
  std::vector<SourceFile> files;  ///< what was read; none for generated text

  index_t vocab() const { return tokenizer.vocab(); }
  /// Tokens of `validation` that have a token before them.
  index_t validation_targets() const { return static_cast<index_t>(validation.size()) - 1; }
  /// From the mean loss in nats a target:   loss · targets / (ln 2 · bytes).
  std::optional<double> bits_per_byte(double loss_nats) const;
};

struct CorpusOptions {
  StoryOptions stories = {};
  bool bytes = false;     ///< read a text as bytes instead of characters
  index_t vocab = 50304;  ///< of files of tokens: GPT-2's 50257, padded to a multiple of 64 as nanoGPT does
  std::uint64_t max_file_bytes = std::uint64_t{1} << 32;
  double train_share = 0.9;                           ///< of a text; 0: all of it is scored
  std::optional<Tokenizer> tokenizer = std::nullopt;  ///< a trained model's; none: the corpus's own
};

/// Makes or reads a corpus.
///   spec: "stories" | a text file (UTF-8 by characters) | "bytes:" and a file | a directory with train.bin and val.bin
///         | "bpe:" and a file, in the tokens of the installed set gpt2-bpe | "bpe:", a vocab.bpe, merges.txt or
///         tokenizer.json, ":" and a file |
///         an installed text of the table of data sets ("tinyshakespeare"), unless a file of that name is there
/// A text is divided as nanoGPT does it: the first ⌊0.9·n⌋ tokens to train on (train_share), the rest to score; its
/// vocabulary is the sorted set of all its characters. In byte-pair tokens it is divided by characters and each part
/// encoded by itself. Throws Error (input), one line with file and byte, when there is no such corpus, or it is empty,
/// too large, not UTF-8, has more than 65536 different characters, or read_token_file() refuses it. With a tokenizer:
/// when the text has what its vocabulary lacks, or is of another kind, so that ids would not mean the same. Files of
/// tokens then need no train.bin. Error (usage) when all is to be scored of what is no text.
Corpus load_corpus(const std::string& spec, const CorpusOptions& options = {});

}  // namespace qkvbench::data
