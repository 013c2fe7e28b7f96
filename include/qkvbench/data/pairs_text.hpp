// Which text and which byte-pair vocabulary "bpe:…" names.
// Not the encoding (byte_pairs) and not a corpus.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/data/tokenizer.hpp"
#include "qkvbench/formats/source_file.hpp"

namespace qkvbench::data {

constexpr std::string_view kPairsPrefix = "bpe:";
constexpr const char* kPairsSet = "gpt2-bpe";  ///< of the table of data sets

struct PairsText {
  Tokenizer tokenizer;
  std::filesystem::path path;
  std::string text;
  std::vector<formats::SourceFile> files;  ///< the text, and the vocabulary unless the model brought it
};

/// Reads "bpe:FILE", in the tokens of the installed set gpt2-bpe, or "bpe:VOCABULARY:FILE". With a model's own
/// tokenizer of byte pairs that one is taken; a model that knows only ids of tokens is GPT-2 whose vocabulary did not
/// come with it. Throws Error (input) when a file is missing, empty or larger than max_bytes, or the model was trained
/// on other tokens.
PairsText read_pairs_text(const std::string& spec, const std::optional<Tokenizer>& own, std::uint64_t max_bytes);

}  // namespace qkvbench::data
