// Drawing sets, and the rows that they are drawn from.
// Nothing is stored of a set: its ten rows are found again from its number whenever a batch asks.
#include "qkvbench/data/anomaly.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/data/data_folder.hpp"
#include "qkvbench/data/image_sources.hpp"
#include "qkvbench/formats/npy.hpp"

namespace qkvbench::data {

namespace {

constexpr index_t kAlike = kSetSize - 1;
constexpr std::uint64_t kNumbersOfSet = 16;
constexpr const char* kNpy = "npy";

class MatrixRows : public LabelledRows {
 public:
  MatrixRows(std::vector<float> values, std::vector<std::int32_t> labels)
      : values_(std::move(values)), labels_(std::move(labels)) {}
  index_t features() const override {
    return labels_.empty() ? 0 : static_cast<index_t>(values_.size() / labels_.size());
  }
  std::span<const std::int32_t> labels() const override { return labels_; }
  void copy(index_t row, real* out) const override { std::copy_n(values_.begin() + row * features(), features(), out); }

 private:
  std::vector<float> values_;
  std::vector<std::int32_t> labels_;
};

/// Pixels of images, normalised when they are copied.
class ImageRows : public LabelledRows {
 public:
  ImageRows(std::shared_ptr<const ImageSet> set, PixelValues values)
      : set_(std::move(set)), values_(std::move(values)) {}
  index_t features() const override { return set_->image_bytes(); }
  std::span<const std::int32_t> labels() const override { return set_->labels; }
  void copy(index_t row, real* out) const override {
    const index_t plane = set_->side * set_->side;
    const std::uint8_t* in = set_->image(row);
    for (index_t c = 0; c < set_->channels; ++c)
      for (index_t i = 0; i < plane; ++i) *out++ = values_.channel(c)[*in++];
  }

 private:
  std::shared_ptr<const ImageSet> set_;
  PixelValues values_;
};

class OddOneOut : public Dataset {
 public:
  OddOneOut(std::shared_ptr<const LabelledRows> rows, const std::vector<index_t>& from, index_t n, Split split,
            std::uint64_t seed)
      : rows_(std::move(rows)),
        size_(n),
        random_(seed,
                split == Split::kTrain  ? Purpose::kTrain
                : split == Split::kTest ? Purpose::kTest
                                        : Purpose::kValidation,
                fnv1a("anomaly")) {
    std::map<std::int32_t, std::vector<index_t>> of_label;
    for (const index_t row : from) of_label[rows_->labels()[static_cast<std::size_t>(row)]].push_back(row);
    for (auto& [label, members] : of_label) {
      if (static_cast<index_t>(members.size()) >= kAlike) large_.push_back(classes_.size());
      classes_.push_back(std::move(members));
    }
    if (large_.empty() || classes_.size() < 2)
      fail_input("anomaly: a set needs " + std::to_string(kAlike) + " rows of one class and one of another, but of " +
                 std::to_string(classes_.size()) + " classes " + std::to_string(large_.size()) + " have so many");
  }

  index_t size() const override { return size_; }
  index_t targets_per_example() const override { return 1; }

  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    const index_t F = rows_->features();
    batch.size = B;
    batch.input = {B, kSetSize, F};
    batch.features.resize(static_cast<std::size_t>(B * kSetSize * F));
    batch.targets.resize(indices.size());
    parallel_ranges(B, 4, [&](index_t begin, index_t end) {
      for (index_t b = begin; b < end; ++b) {
        std::array<index_t, kSetSize> members;
        batch.targets[static_cast<std::size_t>(b)] = draw(indices[static_cast<std::size_t>(b)], members);
        for (std::size_t i = 0; i < members.size(); ++i)
          rows_->copy(members[i], batch.features.data() + (b * kSetSize + static_cast<index_t>(i)) * F);
      }
    });
  }

 private:
  /// The rows of a set in their places; returns the place of the odd one.
  std::int32_t draw(index_t set, std::array<index_t, kSetSize>& members) const {
    std::uint64_t at = static_cast<std::uint64_t>(set) * kNumbersOfSet;
    const auto below = [&](std::size_t n) { return random_.below(at++, static_cast<std::uint32_t>(n)); };
    const std::size_t common = large_[below(large_.size())];
    std::size_t odd = below(classes_.size() - 1);
    if (odd >= common) ++odd;
    const auto place = static_cast<std::size_t>(below(kSetSize));
    const std::vector<index_t>&many = classes_[common], &few = classes_[odd];
    members[place] = few[below(few.size())];
    // Nine different ones, each combination as likely as another: Floyd's way to sample without replacement.
    std::array<std::size_t, kAlike> chosen;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const std::size_t last = many.size() - chosen.size() + i;
      const std::size_t pick = below(last + 1);
      const bool taken = std::find(chosen.begin(), chosen.begin() + static_cast<index_t>(i), pick) !=
                         chosen.begin() + static_cast<index_t>(i);
      chosen[i] = taken ? last : pick;
      members[i < place ? i : i + 1] = many[chosen[i]];
    }
    return static_cast<std::int32_t>(place);
  }

  std::shared_ptr<const LabelledRows> rows_;
  index_t size_;
  RandomStream random_;
  std::vector<std::vector<index_t>> classes_;  // rows of each class
  std::vector<std::size_t> large_;             // classes with enough rows to be the common one
};

/// Rows of a split and the files they were read from.
struct OpenRows {
  std::shared_ptr<const LabelledRows> rows;
  std::vector<SourceFile> files;
};

OpenRows open_npy(const std::string& folder, Split split) {
  if (folder.empty())
    fail_usage("source npy reads train.npy, train-labels.npy, test.npy and test-labels.npy; --data names their folder");
  const std::string stem = split == Split::kTest ? "test" : "train";
  const auto path = data_folder(kNpy, folder);
  formats::NpyMatrix matrix = formats::read_npy_matrix(path / (stem + ".npy"));
  formats::NpyLabels labels = formats::read_npy_labels(path / (stem + "-labels.npy"));
  if (matrix.rows != static_cast<index_t>(labels.values.size()))
    fail_input((path / (stem + ".npy")).string() + " has " + std::to_string(matrix.rows) + " rows, but " +
               (path / (stem + "-labels.npy")).string() + " has " + std::to_string(labels.values.size()) + " labels");
  return {matrix_rows(std::move(matrix.values), std::move(labels.values)), {matrix.file, labels.file}};
}

ImageRequest request_of(const TaskOptions& o) {
  ImageRequest request{o.data, 0, 0, 0, 0, o.class_names};
  const ImageSource& source = find_image_source(o.source);
  request.n_train = source.published.n_train, request.n_test = source.published.n_test;
  const bool decoded = source.decoded();
  if (decoded) request.channels = 3, request.side = 64;
  return request;
}

void complete_anomaly(TaskOptions& o) {
  if (o.n_train == 0) o.n_train = 10000;
  if (o.n_test == 0) o.n_test = 2000;
  if (o.source != kNpy && find_image_source(o.source).generated() && !o.data.empty())
    fail_usage("source " + o.source + " draws its images; leave out --data");
  if (o.features > 0) return;
  if (o.source == kNpy) {
    o.features = open_npy(o.data, Split::kTest).rows->features();
    return;
  }
  const ImageSizes sizes = image_sizes(find_image_source(o.source), request_of(o));
  o.features = sizes.channels * sizes.side * sizes.side;
}

class AnomalyData : public TaskData {
 public:
  explicit AnomalyData(const TaskOptions& options) : o_(options) {}

  std::unique_ptr<Dataset> split(Split split) override {
    const index_t n = split == Split::kTrain ? o_.n_train : split == Split::kTest ? o_.n_test : o_.n_val;
    if (n == 0) return no_examples();
    const OpenRows& open = rows(split);
    const auto all = static_cast<index_t>(open.rows->labels().size());
    std::vector<index_t> from = epoch_order(all, kFixedSeed, 0);
    const index_t held_out = split == Split::kTest || o_.n_val == 0 ? 0 : all / 10;
    if (split == Split::kValidation)
      from.resize(static_cast<std::size_t>(held_out));
    else
      from.erase(from.begin(), from.begin() + held_out);
    return odd_one_out(open.rows, std::move(from), n, split, o_.seed);
  }

  DataFacts facts() override {
    DataFacts facts;
    facts.name = "sets of " + o_.source;
    facts.n_train = o_.n_train, facts.n_val = o_.n_val, facts.n_test = o_.n_test;
    facts.class_names = o_.class_names;
    for (const Split split : {Split::kTrain, Split::kTest}) {
      if (split == Split::kTrain && o_.trained && o_.n_val == 0) continue;
      const OpenRows& open = rows(split);
      facts.files.insert(facts.files.end(), open.files.begin(), open.files.end());
    }
    if (o_.source == kNpy) return facts;
    facts.pixels = pixels();
    if (facts.class_names.empty() && !o_.trained)
      facts.class_names = class_names(find_image_source(o_.source), *images(Split::kTrain));
    return facts;
  }

 private:
  std::shared_ptr<const ImageSet> images(Split split) {
    auto& set = split == Split::kTest ? test_images_ : train_images_;
    if (!set) set = open_images(find_image_source(o_.source), split, request_of(o_));
    return set;
  }

  /// A trained model's, or the source's.
  Normalisation pixels() {
    if (o_.pixels) return *o_.pixels;
    return normalisation(find_image_source(o_.source), request_of(o_), [this] { return images(Split::kTrain); });
  }

  /// Training and validation rows are one matrix.
  const OpenRows& rows(Split split) {
    OpenRows& out = split == Split::kTest ? test_ : train_;
    if (out.rows) return out;
    OpenRows open;
    if (o_.source == kNpy)
      open = open_npy(o_.data, split);
    else
      open = {std::make_shared<const ImageRows>(images(split), PixelValues(pixels())), images(split)->files};
    if (open.rows->features() != o_.features)
      fail_usage("task anomaly: a row of " + o_.source + " has " + std::to_string(open.rows->features()) +
                 " numbers, not the " + std::to_string(o_.features) + " of --features; leave it out");
    return out = std::move(open);
  }

  TaskOptions o_;
  std::shared_ptr<const ImageSet> train_images_, test_images_;
  OpenRows train_, test_;
};

}  // namespace

std::unique_ptr<LabelledRows> matrix_rows(std::vector<float> values, std::vector<std::int32_t> labels) {
  return std::make_unique<MatrixRows>(std::move(values), std::move(labels));
}

std::unique_ptr<Dataset> odd_one_out(std::shared_ptr<const LabelledRows> rows, std::vector<index_t> from, index_t n,
                                     Split split, std::uint64_t seed) {
  return std::make_unique<OddOneOut>(std::move(rows), from, n, split, seed);
}

std::span<const Task> anomaly_tasks() {
  static const std::vector<Task> tasks{{"anomaly", "set", "the one of ten that is of another class, see --source",
                                        "7 7 7 1 7 7 7 7 7 7 -> 3", complete_anomaly, open_as<AnomalyData>}};
  return tasks;
}

std::vector<std::string> anomaly_sources() {
  std::vector<std::string> names;
  for (const ImageSource& source : image_sources()) names.emplace_back(source.id);
  names.emplace_back(kNpy);
  return names;
}

}  // namespace qkvbench::data
