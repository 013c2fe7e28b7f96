// The three ways to get a corpus. Texts are gone through twice: to find the vocabulary, then to encode.
// Tokens have 16 bits, so a corpus takes twice its tokens and, while it is read, the file's bytes.
#include "qkvbench/data/corpus.hpp"

#include <filesystem>
#include <numbers>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/data/pairs_text.hpp"
#include "qkvbench/data/sources.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::data {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBytesPrefix = "bytes:";
constexpr const char* kForms =
    "a corpus is 'stories' (built in), a text file, bytes:FILE, bpe:FILE or bpe:VOCABULARY:FILE, a directory with "
    "train.bin and val.bin, or 'tinyshakespeare'";

std::string name_of(const fs::path& path) {
  const fs::path clean = path.lexically_normal();
  return (clean.has_filename() ? clean : clean.parent_path()).filename().string();
}

/// Divides the tokens of a text.
void divide(std::vector<std::uint16_t> tokens, double train_share, Corpus& corpus) {
  const auto n_train = static_cast<std::ptrdiff_t>(static_cast<double>(tokens.size()) * train_share);
  corpus.validation.assign(tokens.begin() + n_train, tokens.end());
  tokens.resize(static_cast<std::size_t>(n_train));
  corpus.train = std::move(tokens);
  std::uint64_t bytes = 0;
  const auto& symbols = corpus.tokenizer.symbols();
  for (std::size_t i = 1; i < corpus.validation.size(); ++i)
    bytes += symbols.empty() ? 1 : symbols[corpus.validation[i]].size();
  corpus.validation_target_bytes = bytes;
}

Corpus read_bytes(const std::string& text, double train_share) {
  Corpus corpus;
  std::vector<std::uint16_t> tokens;
  tokens.reserve(text.size());
  for (const char c : text) tokens.push_back(static_cast<unsigned char>(c));
  divide(std::move(tokens), train_share, corpus);
  return corpus;
}

/// UTF-8 of those that were seen, in order.
std::vector<std::string> symbols_of(const std::vector<bool>& seen) {
  std::vector<std::string> symbols;
  for (char32_t c = 0; c < seen.size(); ++c)
    if (seen[c]) symbols.push_back(formats::utf8(c));
  return symbols;
}

/// With a model's own tokenizer, whose vocabulary has all of the text's characters, or the text's.
Corpus read_characters(const std::string& text, const std::string& path, const std::optional<Tokenizer>& own,
                       double train_share) {
  constexpr std::size_t kCodePoints = 0x110000, kMaxVocab = 0x10000;
  std::vector<bool> seen(kCodePoints);
  std::size_t length = 0, vocab = 0;
  for (std::size_t at = 0; at < text.size(); ++length) {
    const formats::CodePoint c = formats::code_point_at(text, at);
    if (c.bytes == 0)
      fail_input(path + ": byte " + std::to_string(at) + " begins no character of UTF-8; read it with bytes:" + path);
    if (!seen[c.value]) ++vocab;
    seen[c.value] = true;
    at += c.bytes;
  }
  if (!own && vocab > kMaxVocab)
    fail_input(path + ": it has " + std::to_string(vocab) +
               " different characters, more than 65536; read it with bytes:" + path);
  if (!own && seen[0])
    fail_input(
        path + ": byte " + std::to_string(text.find('\0')) +
        " is 0, so it is no text; tokens are read from a directory with train.bin and val.bin, bytes of any kind "
        "with bytes:" +
        path);
  std::vector<std::uint16_t> id_of(kCodePoints), tokens;
  Corpus corpus;
  corpus.tokenizer = own ? *own : Tokenizer::characters(symbols_of(seen));
  std::uint16_t id = 0;
  for (const std::string& symbol : corpus.tokenizer.symbols()) id_of[formats::code_point_at(symbol, 0).value] = id++;
  tokens.reserve(length);
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint c = formats::code_point_at(text, at);
    tokens.push_back(id_of[c.value]);
    at += c.bytes;
  }
  divide(std::move(tokens), train_share, corpus);
  return corpus;
}

/// UTF-8 bytes of all tokens but the first, with what stands between words.
std::uint64_t target_bytes(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  return tokenizer.decode(ids).size() - tokenizer.decode({ids.data(), 1}).size();
}

Corpus read_words(const std::string& text, const Tokenizer& own, double train_share) {
  const std::vector<std::int32_t> ids = own.encode(text);
  Corpus corpus;
  corpus.tokenizer = own;
  divide({ids.begin(), ids.end()}, train_share, corpus);
  if (!corpus.validation.empty())
    corpus.validation_target_bytes =
        target_bytes(own, {ids.end() - static_cast<std::ptrdiff_t>(corpus.validation.size()), ids.end()});
  return corpus;
}

/// Divided by characters before it is encoded, as nanoGPT does it, so that no token spans the two parts.
Corpus read_byte_pairs(const std::string& text, const Tokenizer& tokenizer, double train_share) {
  constexpr index_t kMaxVocab = 0x10000;
  if (tokenizer.vocab() > kMaxVocab)
    fail_input("vocabulary: it has " + std::to_string(tokenizer.vocab()) + " tokens, more than 65536");
  std::vector<std::size_t> begins;  // of every character, or byte that begins none
  for (std::size_t at = 0; at < text.size();) {
    begins.push_back(at);
    at += formats::character_at(text, at).size();
  }
  const auto n_train = static_cast<std::size_t>(static_cast<double>(begins.size()) * train_share);
  const std::string_view whole = text;
  const std::vector<std::int32_t> train = tokenizer.encode(whole.substr(0, begins[n_train])),
                                  validation = tokenizer.encode(whole.substr(begins[n_train]));
  Corpus corpus;
  corpus.tokenizer = tokenizer;
  corpus.train.assign(train.begin(), train.end());
  corpus.validation.assign(validation.begin(), validation.end());
  corpus.validation_target_bytes = target_bytes(tokenizer, validation);
  return corpus;
}

/// A text in a trained model's own tokens.
Corpus read_for_model(const std::string& text, const std::string& path, const Tokenizer& own, double train_share) {
  using Kind = Tokenizer::Kind;
  if (own.kind() == Kind::kBytePairs) return read_byte_pairs(text, own, train_share);
  if (own.kind() == Kind::kIds)
    fail_input(path + ": it is text, but the model was trained on token ids; give a directory with val.bin");
  if (const std::string lacking = own.lacking(text); !lacking.empty())
    fail_input(path + ": " + lacking + ": not in the model's vocabulary of " + std::to_string(own.vocab()) +
               (own.kind() == Kind::kWords ? " words" : " characters") +
               "; a model is evaluated only on text that its vocabulary can write");
  return own.kind() == Kind::kBytes   ? read_bytes(text, train_share)
         : own.kind() == Kind::kWords ? read_words(text, own, train_share)
                                      : read_characters(text, path, own, train_share);
}

Corpus read_text(const std::string& path, bool bytes, const CorpusOptions& options) {
  const std::string text = read_file(path, options.max_file_bytes);
  if (text.empty()) fail_input(path + ": it is empty; a corpus needs text");
  Corpus corpus = options.tokenizer ? read_for_model(text, path, *options.tokenizer, options.train_share)
                  : bytes           ? read_bytes(text, options.train_share)
                                    : read_characters(text, path, std::nullopt, options.train_share);
  corpus.files.push_back(formats::source_file(path, text));
  return corpus;
}

Corpus read_directory(const fs::path& directory, const CorpusOptions& options) {
  const std::optional<Tokenizer>& own = options.tokenizer;
  if (own && own->kind() != Tokenizer::Kind::kIds)
    fail_input(directory.string() +
               ": it holds token ids, but the model was trained on text: which of its symbols an " +
               "id stands for is not known; give a text file");
  const index_t vocab = own ? own->vocab() : options.vocab;
  Corpus corpus;
  corpus.tokenizer = Tokenizer::ids(vocab);
  for (const char* file : {"train.bin", "val.bin"}) {
    const bool train = file == std::string_view("train.bin"), there = fs::is_regular_file(directory / file);
    if (train && own && !there) continue;  // nothing is trained
    if (!there) fail_input(directory.string() + " has no file " + file + "; " + kForms);
    formats::TokenFile read = formats::read_token_file(directory / file, vocab, options.max_file_bytes);
    (train ? corpus.train : corpus.validation) = std::move(read.tokens);
    corpus.files.push_back(read.source);
  }
  return corpus;
}

/// The one file of a text that the table of data sets names; empty if it names no such text.
std::string installed_text(const std::string& spec) {
  for (const Source& source : all_sources())
    if (source.name == spec && spec != kPairsSet && source.files.size() == 1) return source.files[0].name;
  return "";
}

Corpus make_stories(const StoryOptions& options) {
  WrittenText train = write_stories(Split::kTrain, options.seed, options.train_tokens);
  WrittenText validation = write_stories(Split::kValidation, options.seed, options.validation_tokens);
  Corpus corpus;
  corpus.tokenizer = Tokenizer::words(story_grammar().vocabulary());
  const std::vector<std::int32_t> ids(validation.tokens.begin(), validation.tokens.end());
  corpus.validation_target_bytes = target_bytes(corpus.tokenizer, ids);

  const auto targets = static_cast<double>(ids.size() - 1);
  double nats = 0;
  for (std::size_t i = 1; i < ids.size(); ++i) nats -= static_cast<double>(validation.log_probs[i]);
  corpus.floor = EntropyFloor{story_grammar().expectation().nats_per_token(), nats / targets,
                              story_floor_slack_nats(train, validation) / targets, std::move(validation.log_probs)};
  corpus.train = std::move(train.tokens);
  corpus.validation = std::move(validation.tokens);
  return corpus;
}

}  // namespace

std::optional<double> Corpus::bits_per_byte(double loss_nats) const {
  if (!validation_target_bytes || *validation_target_bytes == 0) return std::nullopt;
  const auto bytes = static_cast<double>(*validation_target_bytes);
  return loss_nats * static_cast<double>(validation_targets()) / (std::numbers::ln2 * bytes);
}

Corpus load_corpus(const std::string& spec, const CorpusOptions& options) {
  Corpus corpus;
  if (spec.empty())
    fail_input("corpus '': an imported model has no text of its own; name one with --corpus: " + std::string(kForms));
  std::error_code error;
  if (options.train_share == 0 && (spec == "stories" || fs::is_directory(spec, error)))
    fail_usage("--whole is for a text, which is divided; " + spec + " has a part to score by itself");
  if (spec == "stories") {
    if (options.tokenizer && options.tokenizer->symbols() != story_grammar().vocabulary())
      fail_input("corpus 'stories': its words are not the vocabulary that the model was trained with");
    corpus = make_stories(options.stories);
    corpus.name = spec;
    return corpus;
  }
  if (spec.starts_with(kPairsPrefix)) {
    const PairsText pairs = read_pairs_text(spec, options.tokenizer, options.max_file_bytes);
    corpus = read_byte_pairs(pairs.text, pairs.tokenizer, options.train_share);
    corpus.files = pairs.files;
    corpus.name = name_of(pairs.path);
    return corpus;
  }
  const bool prefixed = spec.starts_with(kBytesPrefix);
  const std::string path = prefixed ? spec.substr(kBytesPrefix.size()) : spec;
  const fs::file_status status = fs::status(path, error);
  if (const std::string file = installed_text(spec); !fs::exists(status) && !file.empty()) {
    corpus = read_text((require_installed(spec) / file).string(), false, options);
    corpus.name = spec;
    corpus.files[0].path = spec + "/" + file;  // the same wherever data sets live
    return corpus;
  }
  if (!fs::exists(status)) fail_input("corpus '" + spec + "': there is no such file; " + kForms);
  if (fs::is_directory(status) && !prefixed) {
    corpus = read_directory(path, options);
  } else if (fs::is_regular_file(status)) {
    corpus = read_text(path, options.bytes || prefixed, options);
  } else {
    fail_input("corpus '" + spec + "': it is not a file of text; " + kForms);
  }
  corpus.name = name_of(path);
  return corpus;
}

}  // namespace qkvbench::data
