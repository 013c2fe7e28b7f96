// The row of the language-modelling task.
// What a window is stands in windows.cpp, what a text is in corpus.cpp.
#include "qkvbench/data/text.hpp"

#include <mutex>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/windows.hpp"

namespace qkvbench::data {

namespace {

void complete_text(TaskOptions& options) {
  if (options.vocab == 0) options.vocab = open_corpus(options)->vocab();
}

std::unique_ptr<Dataset> make_text(const TaskOptions& options, Split split) {
  if (split == Split::kTest) return no_examples();
  auto corpus = open_corpus(options);
  return split == Split::kTrain ? training_windows(std::move(corpus), options.seq_len, options.n_windows, options.seed)
                                : validation_windows(std::move(corpus), options.seq_len);
}

DataFacts text_facts(const TaskOptions& options) {
  const auto corpus = open_corpus(options);
  DataFacts facts;
  facts.name = corpus->name;
  facts.tokenizer = corpus->tokenizer;
  facts.n_train = static_cast<index_t>(corpus->train.size());
  facts.n_val = static_cast<index_t>(corpus->validation.size());
  facts.files = corpus->files;
  if (corpus->validation_target_bytes)
    facts.val_bytes_per_target =
        static_cast<double>(*corpus->validation_target_bytes) / static_cast<double>(corpus->validation_targets());
  if (corpus->floor) {
    facts.val_floor_nats = corpus->floor->validation_nats;
    facts.entropy_rate_nats = corpus->floor->rate_nats;
  }
  return facts;
}

std::vector<TargetKind> text_kinds(const TaskOptions& options) {
  const auto corpus = open_corpus(options);
  return corpus->floor ? story_kinds(corpus->tokenizer.symbols()) : std::vector<TargetKind>{};
}

}  // namespace

std::span<const Task> text_tasks() {
  static const std::vector<Task> tasks{{"lm", "gpt", "the next token of a text, see --corpus",
                                        "the cat sat -> cat sat down", complete_text, make_text, text_facts, nullptr,
                                        nullptr, text_kinds}};
  return tasks;
}

std::shared_ptr<const Corpus> open_corpus(const TaskOptions& options) {
  static std::mutex mutex;
  static std::string last_spec;
  static index_t asked_vocab = 0;
  static std::optional<Tokenizer> own;
  static std::shared_ptr<const Corpus> last;
  const std::lock_guard lock(mutex);
  if (!last || last_spec != options.corpus || own != options.tokenizer ||
      (options.vocab != asked_vocab && options.vocab != last->vocab())) {
    CorpusOptions of_files;
    of_files.tokenizer = options.tokenizer;
    if (options.vocab > 0) of_files.vocab = options.vocab;
    last = std::make_shared<const Corpus>(load_corpus(options.corpus, of_files));
    last_spec = options.corpus;
    asked_vocab = options.vocab;
    own = options.tokenizer;
  }
  if (options.vocab > 0 && last->vocab() > options.vocab)
    fail_usage("corpus " + last->name + " has " + std::to_string(last->vocab()) +
               " different tokens, more than vocab " + std::to_string(options.vocab) +
               "; raise --vocab, or leave it out to take the corpus's");
  return last;
}

}  // namespace qkvbench::data
