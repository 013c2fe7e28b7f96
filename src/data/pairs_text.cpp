// The vocabulary is the model's own, the one that was named, or the installed one.
#include "qkvbench/data/pairs_text.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/data/sources.hpp"
#include "qkvbench/formats/merges.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

PairsText read_pairs_text(const std::string& spec, const std::optional<Tokenizer>& own, std::uint64_t max_bytes) {
  using Kind = Tokenizer::Kind;
  const std::string rest = spec.substr(kPairsPrefix.size());
  const std::size_t colon = rest.find(':');
  const bool named = colon != rest.npos && fs::is_regular_file(rest.substr(0, colon));
  const fs::path path = named ? rest.substr(colon + 1) : rest;
  if (!fs::is_regular_file(path))
    fail_input(path.string() + ": there is no such file; write bpe:FILE or bpe:VOCABULARY:FILE");
  if (own && own->kind() != Kind::kIds && own->kind() != Kind::kBytePairs)
    fail_input("'" + spec + "': the model was not trained on byte-pair tokens; name the file without bpe:");
  std::string text = read_file(path, max_bytes);
  if (text.empty()) fail_input(path.string() + ": it is empty; a corpus needs text");
  std::vector<formats::SourceFile> files{formats::source_file(path.string(), text)};
  if (own && own->kind() == Kind::kBytePairs) return {*own, path, std::move(text), std::move(files)};

  const fs::path vocabulary =
      named ? fs::path(rest.substr(0, colon)) : require_installed(kPairsSet) / find_source(kPairsSet).files[0].name;
  const std::string merges = read_file(vocabulary, max_bytes);
  const Tokenizer tokenizer = Tokenizer::byte_pairs(formats::parse_merges(merges, vocabulary.string()));
  if (own && own->vocab() < tokenizer.vocab())
    fail_input(vocabulary.string() + ": it has " + std::to_string(tokenizer.vocab()) + " tokens, the model only " +
               std::to_string(own->vocab()));
  files.push_back(
      formats::source_file(named ? vocabulary.string() : kPairsSet + ("/" + vocabulary.filename().string()), merges));
  return {tokenizer, path, std::move(text), std::move(files)};
}

}  // namespace qkvbench::data
