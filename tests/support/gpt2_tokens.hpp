// GPT-2's tokenizer, from the published file in fixtures/gpt2-bpe.
// The encoder is not tested here.
#pragma once
#include "qkvbench/data/tokenizer.hpp"
#include "qkvbench/formats/unpack.hpp"

namespace qkvbench::test {

inline const std::string kGpt2Tokens = SOURCE_DIR "/tests/fixtures/gpt2-bpe/";

/// What vocab.bpe holds.
inline const std::string& gpt2_merges_file() {
  static const std::string text = [] {
    std::string all;
    formats::read_gzip(kGpt2Tokens + "vocab.bpe.gz", [&](std::string_view piece) { all += piece; });
    return all;
  }();
  return text;
}

inline const data::Tokenizer& gpt2_tokenizer() {
  static const auto tokenizer = data::Tokenizer::byte_pairs(formats::parse_merges(gpt2_merges_file(), "vocab.bpe"));
  return tokenizer;
}

}  // namespace qkvbench::test
