// The one interface behind which all data stand: numbered examples that fill a batch.
// Never autograd; never files in the hot path.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/base/random.hpp"
#include "qkvbench/data/family.hpp"
#include "qkvbench/data/tokenizer.hpp"
#include "qkvbench/formats/source_file.hpp"
#include "qkvbench/tensor/batch.hpp"

namespace qkvbench::data {

enum class Split { kTrain, kValidation, kTest };

/// A finite list of examples. fill() is a pure function of the indices.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual index_t size() const = 0;
  /// Targets of one example (positions that are scored).
  virtual index_t targets_per_example() const = 0;
  /// Whether neighbours are as independent as any two examples, so that an epoch can take them in order.
  virtual bool in_random_order() const { return false; }
  /// The order in which training visits the examples in an epoch; not asked for when in_random_order().
  virtual std::vector<index_t> order(std::uint64_t seed, index_t epoch) const;
  /// Makes `batch` hold the given examples, in order. Indices are below size().
  virtual void fill(std::span<const index_t> indices, Batch& batch) const = 0;
  /// The same as training sees the examples in an epoch: a pure function of indices and epoch, for data that are
  /// augmented. May be called on another thread than fill().
  virtual void fill_in_epoch(std::span<const index_t> indices, index_t /*epoch*/, Batch& batch) const {
    fill(indices, batch);
  }
};

/// How bytes of images become numbers: (byte / 255 - mean) / deviation, one of each for every channel.
struct Normalisation {
  std::vector<double> mean, deviation;
};

struct OpenedCorpus;  // see text.hpp

/// What a task needs to know to make its data; each task reads the fields that concern it.
struct TaskOptions {
  std::string id = "reverse";  ///< of the task
  index_t seq_len = 16;
  index_t n_train = 0, n_test = 0;                    ///< examples; 0: as the task has it
  index_t n_val = 0;                                  ///< of images and sets: examples held out of training
  index_t n_windows = 0;                              ///< of text: windows that a training draws
  std::string corpus = "stories";                     ///< of text, see corpus.hpp
  index_t vocab = 0;                                  ///< of text and answers; 0: as the corpus or the task has it
  index_t pairs = 0;                                  ///< of recall; 0: a third of the positions
  index_t distance = 0;                               ///< of copy-distance; 0: half of the positions
  std::string data;                                   ///< of images and sets: folder or file; empty: the installed set
  std::string source = "glyphs";                      ///< of sets: what their elements are
  std::string augment = "none";                       ///< of images: none or crop-flip
  index_t image_size = 0, channels = 0, classes = 0;  ///< of images; 0: as the data have it
  std::optional<Normalisation> pixels;                ///< of images, as a trained model saw them; none: by the set
  std::optional<Tokenizer> tokenizer;                 ///< of text, a trained model's; none: the corpus's own
  std::vector<std::string>
      class_names;             ///< of images, a trained model's: folders are matched by name; empty: the set's
  bool trained = false;        ///< a trained model asks: of the training examples only those to validate on are read
  bool whole_text = false;     ///< of text: all of it is the validation split
  bool pad_documents = false;  ///< of text: a row is one document and padding, which is trained on, see documents.hpp
  index_t features = 0;        ///< of sets, of one element; 0: as the data have it
  std::uint64_t seed = 0;
  /// Of text: what complete() read to know the vocabulary, so that open() need not read it again.
  std::shared_ptr<const OpenedCorpus> opened = nullptr;
};

using formats::SourceFile;

/// What is known of a task's data.
struct DataFacts {
  std::string name;
  index_t n_train = 0, n_val = 0, n_test = 0;  ///< examples; of text, tokens
  std::vector<SourceFile> files;               ///< none for generated data
  std::vector<std::string> class_names;        ///< of images, in the order of their labels
  std::optional<Normalisation> pixels;         ///< of images
  std::optional<Tokenizer> tokenizer;          ///< of text; a loss is then told as perplexity too
  std::optional<double> val_bytes_per_target;  ///< of text whose bytes are known
  std::optional<double> val_floor_nats;        ///< -log p of the validation targets, nats a target: of generated text
  std::optional<double> entropy_rate_nats;     ///< of the generator, nats a token
};

/// Accuracies that are known before anything is trained.
struct Levels {
  double chance;   ///< of the best guess that does not look for the answer
  double optimum;  ///< of the best model there is
};

/// Targets whose loss is told apart from the others'.
struct TargetKind {
  std::string name;          ///< a part of a metric's name
  std::vector<bool> tokens;  ///< by id, whether it is one of them; kinds do not overlap
};

/// A task's data, opened. What was read stays in memory as long as this or a split of it lives.
class TaskData {
 public:
  virtual ~TaskData() = default;
  /// May read what it has to tell.
  virtual DataFacts facts() = 0;
  /// A split that the task does not have is empty.
  virtual std::unique_ptr<Dataset> split(Split split) = 0;
  /// Of validation targets; none as a rule.
  virtual std::vector<TargetKind> kinds() { return {}; }
  /// The validation examples with those targets that are padding, which the split does not score; null as a rule.
  virtual std::unique_ptr<Dataset> padding() { return nullptr; }
};

/// A task: a name, the family of model that it trains, and how its data are made.
struct Task {
  std::string id, family, summary, example;
  /// Fills in what the options leave open and checks the rest. Throws Error (usage) when they do not fit the task.
  void (*complete)(TaskOptions& options);
  /// The options must be complete. Reads nothing yet.
  std::unique_ptr<TaskData> (*open)(const TaskOptions& options);
  const char* own_form = nullptr;                          ///< a row of kFamilyTraits; null: its family's
  Levels (*levels)(const TaskOptions& options) = nullptr;  ///< of complete options; null: not known here

  /// What keys of the configuration and traits go by.
  std::string form() const { return own_form == nullptr ? family : own_form; }
  const FamilyTraits& traits() const { return traits_of(form()); }
};

/// Task::open of a class that is made from the options.
template <class Data>
std::unique_ptr<TaskData> open_as(const TaskOptions& options) {
  return std::make_unique<Data>(options);
}

/// All tasks, in the order of every listing.
std::span<const Task> all_tasks();

/// Throws Error (usage) with the nearest id if there is no such task.
const Task& find_task(const std::string& id);

/// Of what belongs to a data set and not to a run: the images that are drawn, the order in which splits are cut.
inline constexpr std::uint64_t kFixedSeed = 260604032;

/// The split that a task does not have.
std::unique_ptr<Dataset> no_examples();

/// Calls f(batch) for all examples in order, `batch_size` at a time; the last batch may be smaller.
void for_batches(const Dataset& data, index_t batch_size, const std::function<void(const Batch& batch)>& f);

/// The order in which an epoch visits n examples: a permutation keyed by (seed, epoch).
std::vector<index_t> epoch_order(index_t n, std::uint64_t seed, index_t epoch);

}  // namespace qkvbench::data
