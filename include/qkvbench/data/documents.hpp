// Texts of many documents, one example each: what each costs by itself, with and without the padding behind it, and
// training on them as the paper's released scripts do.
// Not a stream; corpus and windows cut those.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/data/corpus.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/data/tokenizer.hpp"

namespace qkvbench::data {

struct Documents {
  std::vector<std::vector<std::int32_t>> ids;  ///< of each document, without the token that ends it
  std::int32_t end_of_text;                    ///< the token of padding
  std::optional<Tokenizer> tokenizer;          ///< of texts; what ids in a file of tokens stand for is not known
  std::vector<SourceFile> files;

  index_t tokens() const;
  /// Documents of more than seq_len tokens, of which the rest is not scored.
  index_t cut(index_t seq_len) const;
  /// UTF-8 bytes of the text that is scored, if that is known: the first seq_len tokens of each without the first.
  std::optional<std::uint64_t> target_bytes(index_t seq_len) const;
};

/// Reads the documents of FILE, "bpe:FILE" or "bpe:VOCABULARY:FILE":
///   *.jsonl  an object on each line, whose "text" is a document
///   *.bin    token ids, which GPT-2's token 50256 divides
///   other    a text, which "<|endoftext|>" divides
/// Empty documents are left out. `own`: the model's tokenizer; texts need one of byte pairs, or a prefix bpe:.
/// Throws Error (input) naming file and line when a file is missing, damaged, has no document, or ids mean something
/// else to the model.
Documents read_documents(const std::string& spec, const Tokenizer& own);

/// The documents of a corpus's part, between the tokens that end one: GPT-2's <|endoftext|>, a line's end of stories.
/// Empty ones are left out. Throws Error (usage) when the corpus's vocabulary has no such token, Error (input) when the
/// part has none.
Documents documents_of(const Corpus& corpus, std::span<const std::uint16_t> part);

/// Which targets are scored.
enum class DocumentTargets { kText, kPadding, kAll };

/// Each document's first T tokens with end_of_text behind them; every token but the first is a target.
///   kText: targets that are tokens of the document. Rows are as long as the longest document of the batch.
///   kPadding: the others, in rows of T, as the paper's released scripts pad them.
///   kAll: both, in rows of T, as those scripts train.
///   ids: [B, T]   targets: [B·T], the last of each row not scored
std::unique_ptr<Dataset> document_windows(std::shared_ptr<const Documents> documents, index_t seq_len,
                                          DocumentTargets scored);

/// To train on: example i is a row of kAll whose document is drawn uniformly with the number i of (seed, kTrain).
std::unique_ptr<Dataset> training_documents(std::shared_ptr<const Documents> documents, index_t seq_len, index_t size,
                                            std::uint64_t seed);

}  // namespace qkvbench::data
