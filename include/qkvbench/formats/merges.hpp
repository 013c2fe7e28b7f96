// The tables of byte-pair encoding as they are published: GPT-2's vocab.bpe, Hugging Face's merges.txt, tokenizer.json.
// Not the encoder; data/byte_pairs is that.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qkvbench::formats {

/// Pairs that become one token, as bytes and in the order of their ranks.
using Merges = std::vector<std::pair<std::string, std::string>>;

/// What the file calls the 256 bytes: printable ones are themselves, the others U+0100 + n, n counting them.
/// In this order they are tokens 0 … 255.   Source: OpenAI's encoder.py, bytes_to_unicode().
std::string byte_of_rank(int rank);

/// Reads any of the three forms; tokenizer.json is known by its first character, {.
/// Throws Error (input) naming `origin` and the line or entry when it is none of them, when a token is written in
/// characters that stand for no byte, or when a tokenizer.json is no byte-level BPE with GPT-2's way to split a text or
/// numbers its tokens in another order than theirs: bytes, then merges.
Merges parse_merges(std::string_view text, const std::string& origin);

/// The lines of vocab.bpe behind its first: "Ġ t".
std::vector<std::string> merge_lines(const Merges& merges);
/// One of these lines. Throws as parse_merges().
std::pair<std::string, std::string> parse_merge(std::string_view line, const std::string& place);

}  // namespace qkvbench::formats
