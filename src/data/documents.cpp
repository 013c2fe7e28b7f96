// Three forms of files, and rows of tokens with padding behind them.
// A language model looks back only, so padding changes no score of the text before it.
#include "qkvbench/data/documents.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/data/pairs_text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/formats/token_file.hpp"

namespace qkvbench::data {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 32;
constexpr std::string_view kEndOfText = "<|endoftext|>";
constexpr std::int32_t kGpt2EndOfText = 50256;

/// Of "a<|endoftext|>b".
std::vector<std::string> divided(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(kEndOfText);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + kEndOfText.size());
  }
}

/// The "text" of every line.
std::vector<std::string> texts_of_lines(std::string_view lines, const std::string& path) {
  std::vector<std::string> texts;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string place = path + ":" + std::to_string(number);
    const nlohmann::json row = formats::parse_json(line, place);
    if (!row.is_object() || !row.contains("text") || !row["text"].is_string())
      fail_input(place + ": it is no object with a \"text\"");
    texts.push_back(row["text"]);
  }
  return texts;
}

Documents encoded(const std::vector<std::string>& texts, const Tokenizer& tokenizer) {
  Documents documents{{}, *tokenizer.end_of_text(), tokenizer, {}};
  for (const std::string& text : texts)
    if (!text.empty()) documents.ids.push_back(tokenizer.encode(text));
  return documents;
}

Documents read_tokens(const fs::path& path, index_t vocab) {
  if (vocab <= kGpt2EndOfText)
    fail_input(path.string() + ": documents are divided by GPT-2's token 50256, which a vocabulary of " +
               std::to_string(vocab) + " does not have");
  const formats::TokenFile file = formats::read_token_file(path, vocab, kMaxBytes);
  Documents documents{{}, kGpt2EndOfText, std::nullopt, {file.source}};
  for (auto at = file.tokens.begin(); at != file.tokens.end();) {
    const auto end = std::find(at, file.tokens.end(), kGpt2EndOfText);
    if (end != at) documents.ids.emplace_back(at, end);
    at = end == file.tokens.end() ? end : end + 1;
  }
  return documents;
}

Documents read_texts(const std::string& spec, const Tokenizer& own) {
  const bool by_name = own.kind() == Tokenizer::Kind::kBytePairs && !spec.starts_with(kPairsPrefix);
  if (own.kind() != Tokenizer::Kind::kBytePairs && !spec.starts_with(kPairsPrefix))
    fail_input(spec + (own.kind() == Tokenizer::Kind::kIds
                           ? ": it is text, but the model knows token ids only; if they are GPT-2's, write bpe:" + spec
                           : ": the model's vocabulary has no token that ends a text; documents need GPT-2's tokens"));
  const PairsText pairs = read_pairs_text((by_name ? std::string(kPairsPrefix) : "") + spec, own, kMaxBytes);
  const bool lines = pairs.path.extension() == ".jsonl";
  Documents documents =
      encoded(lines ? texts_of_lines(pairs.text, pairs.path.string()) : divided(pairs.text), pairs.tokenizer);
  documents.files = pairs.files;
  return documents;
}

class DocumentWindows : public Dataset {
 public:
  DocumentWindows(const Documents& documents, index_t seq_len, DocumentTargets scored)
      : documents_(documents), T_(seq_len), scored_(scored) {}

  index_t size() const override { return static_cast<index_t>(documents_.ids.size()); }
  index_t targets_per_example() const override { return T_; }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    const bool text = scored_ == DocumentTargets::kText;
    index_t T = text ? 0 : T_;
    for (const index_t document : indices) T = std::max(T, length_of(document));
    batch.size = B;
    batch.input = {B, T};
    batch.ids.assign(static_cast<std::size_t>(B * T), documents_.end_of_text);
    batch.targets.assign(batch.ids.size(), kIgnoredTarget);
    for (index_t b = 0; b < B; ++b) {
      const index_t document = indices[static_cast<std::size_t>(b)], length = length_of(document);
      const auto row = batch.ids.begin() + b * T;
      std::copy_n(documents_.ids[static_cast<std::size_t>(document)].begin(), length, row);
      const index_t first = text ? 1 : length, last = text ? length : T;
      for (index_t t = first; t < last; ++t) batch.targets[static_cast<std::size_t>(b * T + t - 1)] = row[t];
    }
  }

 private:
  /// Of what is scored of a document.
  index_t length_of(index_t document) const {
    return std::min(T_, static_cast<index_t>(documents_.ids[static_cast<std::size_t>(document)].size()));
  }

  const Documents& documents_;
  index_t T_;
  DocumentTargets scored_;
};

}  // namespace

index_t Documents::tokens() const {
  index_t sum = 0;
  for (const auto& document : ids) sum += static_cast<index_t>(document.size());
  return sum;
}

index_t Documents::cut(index_t seq_len) const {
  return std::ranges::count_if(ids,
                               [&](const auto& document) { return static_cast<index_t>(document.size()) > seq_len; });
}

std::optional<std::uint64_t> Documents::target_bytes(index_t seq_len) const {
  if (!tokenizer) return std::nullopt;
  std::uint64_t bytes = 0;
  for (const auto& document : ids) {
    const std::size_t length = std::min(document.size(), static_cast<std::size_t>(seq_len));
    bytes += tokenizer->decode({document.data(), length}).size() - tokenizer->decode({document.data(), 1}).size();
  }
  return bytes;
}

Documents read_documents(const std::string& spec, const Tokenizer& own) {
  const bool tokens = fs::path(spec).extension() == ".bin" && !spec.starts_with(kPairsPrefix);
  if (tokens && own.kind() != Tokenizer::Kind::kIds && own.kind() != Tokenizer::Kind::kBytePairs)
    fail_input(spec + ": it holds token ids, but the model was trained on text of its own symbols; give a text");
  Documents documents = tokens ? read_tokens(spec, own.vocab()) : read_texts(spec, own);
  if (documents.ids.empty()) fail_input(spec + ": it has no document");
  return documents;
}

std::unique_ptr<Dataset> document_windows(const Documents& documents, index_t seq_len, DocumentTargets scored) {
  if (seq_len < 2) fail_usage("documents: a model of one position sees no token before a target");
  return std::make_unique<DocumentWindows>(documents, seq_len, scored);
}

}  // namespace qkvbench::data
