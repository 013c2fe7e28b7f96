// The row of the language-modelling task.
// What a window is stands in windows.cpp, what a text is in corpus.cpp.
#include "qkvbench/data/text.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/documents.hpp"
#include "qkvbench/data/windows.hpp"

namespace qkvbench::data {

namespace {

/// The corpus that the options name: what complete() read, if it is that.
std::shared_ptr<const OpenedCorpus> opened(const TaskOptions& options) {
  const auto& there = options.opened;
  if (there && there->spec == options.corpus && there->whole == options.whole_text &&
      there->tokenizer == options.tokenizer &&
      (options.vocab == there->asked_vocab || options.vocab == there->corpus->vocab()))
    return there;
  CorpusOptions of_files;
  of_files.tokenizer = options.tokenizer;
  if (options.whole_text) of_files.train_share = 0;
  if (options.vocab > 0) of_files.vocab = options.vocab;
  auto corpus = std::make_shared<const Corpus>(load_corpus(options.corpus, of_files));
  return std::make_shared<const OpenedCorpus>(
      OpenedCorpus{options.corpus, options.vocab, options.whole_text, options.tokenizer, std::move(corpus)});
}

void complete_text(TaskOptions& options) {
  if (options.vocab > 0) return;
  options.opened = opened(options);
  options.vocab = options.opened->corpus->vocab();
}

class TextData : public TaskData {
 public:
  explicit TextData(const TaskOptions& options) : options_(options) {}

  std::unique_ptr<Dataset> split(Split split) override {
    if (split == Split::kTest) return no_examples();
    if (options_.pad_documents)
      return split == Split::kTrain
                 ? training_documents(documents(split), options_.seq_len, options_.n_windows, options_.seed)
                 : document_windows(documents(split), options_.seq_len, DocumentTargets::kText);
    return split == Split::kTrain ? training_windows(corpus(), options_.seq_len, options_.n_windows, options_.seed)
                                  : validation_windows(corpus(), options_.seq_len);
  }

  DataFacts facts() override {
    const Corpus& text = *corpus();
    DataFacts facts;
    facts.name = text.name;
    facts.tokenizer = text.tokenizer;
    facts.n_train = static_cast<index_t>(text.train.size());
    facts.n_val = static_cast<index_t>(text.validation.size());
    facts.files = text.files;
    if (text.validation_target_bytes && !options_.pad_documents)
      facts.val_bytes_per_target =
          static_cast<double>(*text.validation_target_bytes) / static_cast<double>(text.validation_targets());
    if (text.floor) {
      facts.val_floor_nats = options_.pad_documents ? floor_of_documents() : text.floor->validation_nats;
      facts.entropy_rate_nats = text.floor->rate_nats;
    }
    return facts;
  }

  std::vector<TargetKind> kinds() override {
    return corpus()->floor ? story_kinds(corpus()->tokenizer.symbols()) : std::vector<TargetKind>{};
  }

  std::unique_ptr<Dataset> padding() override {
    if (!options_.pad_documents) return nullptr;
    return document_windows(documents(Split::kValidation), options_.seq_len, DocumentTargets::kPadding);
  }

 private:
  std::shared_ptr<const Documents> documents(Split split) {
    const auto& part = split == Split::kTrain ? corpus()->train : corpus()->validation;
    return std::make_shared<const Documents>(documents_of(*corpus(), part));
  }

  /// Of the targets that are scored: of each document its first seq_len tokens but the first.
  double floor_of_documents() {
    double nats = 0;
    index_t targets = 0;
    const Corpus& text = *corpus();
    auto at = text.floor->validation_log_probs.begin();
    const auto validation = documents(Split::kValidation);
    for (const auto& document : validation->ids) {
      const auto scored = std::min(static_cast<index_t>(document.size()), options_.seq_len);
      for (index_t t = 1; t < scored; ++t) nats -= at[t];
      targets += std::max<index_t>(scored - 1, 0);
      at += static_cast<std::ptrdiff_t>(document.size()) + 1;  // and the token that ends it; no story is empty
    }
    return nats / static_cast<double>(targets);
  }

  std::shared_ptr<const Corpus> corpus() {
    if (!corpus_) corpus_ = open_corpus(options_);
    return corpus_;
  }

  TaskOptions options_;
  std::shared_ptr<const Corpus> corpus_;
};

}  // namespace

std::span<const Task> text_tasks() {
  static const std::vector<Task> tasks{{"lm", "gpt", "the next token of a text, see --corpus",
                                        "the cat sat -> cat sat down", complete_text, open_as<TextData>}};
  return tasks;
}

std::shared_ptr<const Corpus> open_corpus(const TaskOptions& options) {
  auto corpus = opened(options)->corpus;
  if (options.vocab > 0 && corpus->vocab() > options.vocab)
    fail_usage("corpus " + corpus->name + " has " + std::to_string(corpus->vocab()) +
               " different tokens, more than vocab " + std::to_string(options.vocab) +
               "; raise --vocab, or leave it out to take the corpus's");
  return corpus;
}

}  // namespace qkvbench::data
