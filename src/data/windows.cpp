// Both data sets are one: a list of offsets, drawn or regular, into a stream of tokens.
// What lies beyond the end of the stream is never scored.
#include "qkvbench/data/windows.hpp"

#include <algorithm>
#include <utility>

#include "qkvbench/base/error.hpp"

namespace qkvbench::data {

namespace {

/// Example i is the window that begins at begin(i).
class Windows : public Dataset {
 public:
  Windows(std::shared_ptr<const Corpus> corpus, std::span<const std::uint16_t> tokens, index_t seq_len, index_t size)
      : corpus_(std::move(corpus)), tokens_(tokens), T_(seq_len), size_(size) {}

  index_t size() const override { return size_; }
  index_t targets_per_example() const override { return T_; }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    batch.size = B;
    batch.input = {B, T_};
    batch.ids.assign(static_cast<std::size_t>(B * T_), 0);
    batch.targets.assign(batch.ids.size(), kIgnoredTarget);
    for (index_t b = 0; b < B; ++b) {
      const index_t first = begin(indices[static_cast<std::size_t>(b)]);
      const index_t targets = std::min(T_, static_cast<index_t>(tokens_.size()) - 1 - first);
      std::copy_n(tokens_.begin() + first, targets, batch.ids.begin() + b * T_);
      std::copy_n(tokens_.begin() + first + 1, targets, batch.targets.begin() + b * T_);
    }
  }

 protected:
  virtual index_t begin(index_t example) const = 0;

  std::shared_ptr<const Corpus> corpus_;
  std::span<const std::uint16_t> tokens_;
  index_t T_, size_;
};

class TrainingWindows : public Windows {
 public:
  TrainingWindows(std::shared_ptr<const Corpus> corpus, index_t seq_len, index_t n_windows, std::uint64_t seed)
      : Windows(corpus, corpus->train, seq_len, n_windows),
        random_(seed, Purpose::kTrain, fnv1a("windows")),
        offsets_(static_cast<std::uint32_t>(static_cast<index_t>(corpus->train.size()) - seq_len)) {}
  bool in_random_order() const override { return true; }

 private:
  index_t begin(index_t example) const override {
    return static_cast<index_t>(random_.below(static_cast<std::uint64_t>(example), offsets_));
  }

  RandomStream random_;
  std::uint32_t offsets_;
};

class ValidationWindows : public Windows {
 public:
  ValidationWindows(std::shared_ptr<const Corpus> corpus, index_t seq_len)
      : Windows(corpus, corpus->validation, seq_len, (corpus->validation_targets() + seq_len - 1) / seq_len) {}

 private:
  index_t begin(index_t example) const override { return example * T_; }
};

void check(const Corpus& corpus, const char* part, std::size_t tokens, index_t seq_len, index_t needed) {
  if (seq_len < 1) fail_usage("windows: seq_len must be at least 1; it is " + std::to_string(seq_len));
  if (static_cast<index_t>(tokens) < needed)
    fail_input("corpus " + corpus.name + ": its " + part + " part has " + std::to_string(tokens) +
               " tokens, but a window of seq_len " + std::to_string(seq_len) + " and its targets need " +
               std::to_string(needed) + "; take a longer text or a smaller seq_len");
}

}  // namespace

std::unique_ptr<Dataset> training_windows(std::shared_ptr<const Corpus> corpus, index_t seq_len, index_t n_windows,
                                          std::uint64_t seed) {
  check(*corpus, "training", corpus->train.size(), seq_len, seq_len + 1);
  if (n_windows < 1) fail_usage("windows: at least 1 is needed; asked for " + std::to_string(n_windows));
  return std::make_unique<TrainingWindows>(std::move(corpus), seq_len, n_windows, seed);
}

std::unique_ptr<Dataset> validation_windows(std::shared_ptr<const Corpus> corpus, index_t seq_len) {
  check(*corpus, "validation", corpus->validation.size(), seq_len, 2);
  return std::make_unique<ValidationWindows>(std::move(corpus), seq_len);
}

}  // namespace qkvbench::data
