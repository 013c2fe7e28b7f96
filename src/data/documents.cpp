// Three forms of files and a corpus, and rows of tokens with padding behind them.
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

/// What stands between tokens that end a document, without what is empty.
template <class Token>
std::vector<std::vector<std::int32_t>> between(std::span<const Token> tokens, std::int32_t end_of_text) {
  std::vector<std::vector<std::int32_t>> documents;
  for (auto at = tokens.begin(); at != tokens.end();) {
    const auto end = std::find(at, tokens.end(), end_of_text);
    if (end != at) documents.emplace_back(at, end);
    at = end == tokens.end() ? end : end + 1;
  }
  return documents;
}

Documents read_tokens(const fs::path& path, index_t vocab) {
  if (vocab <= kGpt2EndOfText)
    fail_input(path.string() + ": documents are divided by GPT-2's token 50256, which a vocabulary of " +
               std::to_string(vocab) + " does not have");
  const formats::TokenFile file = formats::read_token_file(path, vocab, kMaxBytes);
  return {between<std::uint16_t>(file.tokens, kGpt2EndOfText), kGpt2EndOfText, std::nullopt, {file.source}};
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
  DocumentWindows(std::shared_ptr<const Documents> documents, index_t seq_len, DocumentTargets scored)
      : documents_(std::move(documents)), T_(seq_len), scored_(scored) {
    if (seq_len < 2)
      fail_usage("--seq-len: documents of one token have no target, which needs a token before it; take 2 or more");
  }

  index_t size() const override { return static_cast<index_t>(documents_->ids.size()); }
  index_t targets_per_example() const override { return T_; }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    const bool text = scored_ == DocumentTargets::kText;
    index_t T = text ? 0 : T_;
    for (const index_t document : indices) T = std::max(T, length_of(document));
    batch.size = B;
    batch.input = {B, T};
    batch.ids.assign(static_cast<std::size_t>(B * T), documents_->end_of_text);
    batch.targets.assign(batch.ids.size(), kIgnoredTarget);
    for (index_t b = 0; b < B; ++b) {
      const index_t document = indices[static_cast<std::size_t>(b)], length = length_of(document);
      const auto row = batch.ids.begin() + b * T;
      std::copy_n(documents_->ids[static_cast<std::size_t>(document)].begin(), length, row);
      const index_t first = scored_ == DocumentTargets::kPadding ? length : 1, last = text ? length : T;
      for (index_t t = first; t < last; ++t) batch.targets[static_cast<std::size_t>(b * T + t - 1)] = row[t];
    }
  }

 private:
  /// Of what is scored of a document.
  index_t length_of(index_t document) const {
    return std::min(T_, static_cast<index_t>(documents_->ids[static_cast<std::size_t>(document)].size()));
  }

  std::shared_ptr<const Documents> documents_;
  index_t T_;
  DocumentTargets scored_;
};

class TrainingDocuments : public DocumentWindows {
 public:
  TrainingDocuments(std::shared_ptr<const Documents> documents, index_t seq_len, index_t size, std::uint64_t seed)
      : DocumentWindows(documents, seq_len, DocumentTargets::kAll),
        size_(size),
        number_(static_cast<std::uint32_t>(documents->ids.size())),
        random_(seed, Purpose::kTrain, fnv1a("documents")) {}
  index_t size() const override { return size_; }
  bool in_random_order() const override { return true; }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    std::vector<index_t> drawn;
    for (const index_t i : indices)
      drawn.push_back(static_cast<index_t>(random_.below(static_cast<std::uint64_t>(i), number_)));
    DocumentWindows::fill(drawn, batch);
  }

 private:
  index_t size_;
  std::uint32_t number_;
  RandomStream random_;
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

Documents documents_of(const Corpus& corpus, std::span<const std::uint16_t> part) {
  std::optional<std::int32_t> end = corpus.tokenizer.end_of_text();
  if (corpus.tokenizer.kind() == Tokenizer::Kind::kIds && corpus.vocab() > kGpt2EndOfText) end = kGpt2EndOfText;
  const auto& words = corpus.tokenizer.symbols();
  const auto line_end = std::ranges::find(words, "\n");
  if (corpus.tokenizer.kind() == Tokenizer::Kind::kWords && line_end != words.end())
    end = static_cast<std::int32_t>(line_end - words.begin());
  if (!end)
    fail_usage("corpus " + corpus.name +
               ": it has no token that ends a document, so documents cannot be padded; take stories or a directory of "
               "token files, or leave --pad-documents out");
  Documents documents{between(part, *end), *end, corpus.tokenizer, corpus.files};
  if (documents.ids.empty() || std::ranges::find(part, *end) == part.end())
    fail_input("corpus " + corpus.name + ": nothing ends a document in it (token " + std::to_string(*end) +
               "), so documents cannot be padded; take stories or a directory of token files, or leave "
               "--pad-documents out");
  return documents;
}

std::unique_ptr<Dataset> document_windows(std::shared_ptr<const Documents> documents, index_t seq_len,
                                          DocumentTargets scored) {
  return std::make_unique<DocumentWindows>(std::move(documents), seq_len, scored);
}

std::unique_ptr<Dataset> training_documents(std::shared_ptr<const Documents> documents, index_t seq_len, index_t size,
                                            std::uint64_t seed) {
  return std::make_unique<TrainingDocuments>(std::move(documents), seq_len, size, seed);
}

}  // namespace qkvbench::data
