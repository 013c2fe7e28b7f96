// Which images are whose split, and what the sizes of a model follow from.
// A task differs from another by its row of image_sources() alone.
#include "qkvbench/data/vision.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/image_dataset.hpp"
#include "qkvbench/data/image_file.hpp"

namespace qkvbench::data {

namespace {

ImageRequest request_of(const TaskOptions& o) {
  return {o.data, o.channels, o.image_size, o.n_val + o.n_train, o.n_test, o.class_names};
}

[[noreturn]] void too_few(const TaskOptions& o, const std::string& flags, index_t wanted, index_t there) {
  if (o.trained)  // by commands that have other flags than train
    fail_usage("task " + o.id + ": " + with_commas(wanted) + " images as in training are asked for, there are " +
               with_commas(there) + "; restore the folder, or score fewer with eval --n-test");
  fail_usage("task " + o.id + ": " + flags + " ask for " + with_commas(wanted) + " images, there are " +
             with_commas(there));
}

/// Throws when the set has not so many images; generated ones are as many as are asked for.
void check_counts(const TaskOptions& o, const ImageSource& source, const ImageSizes& sizes) {
  if (source.generated()) return;
  if (o.n_val + o.n_train > sizes.n_train) too_few(o, "--n-train and --n-val", o.n_val + o.n_train, sizes.n_train);
  if (o.n_test > sizes.n_test) too_few(o, "--n-test", o.n_test, sizes.n_test);
}

/// Throws when the model's sizes are not those of the images. Only decoded images come in the channels asked for.
void check_sizes(const TaskOptions& o, const ImageSource& source, const ImageSizes& sizes) {
  if (source.decoded() && o.channels != 1 && o.channels != 3)
    fail_usage("task " + o.id + ": --channels is 3, or 1 for grey, not " + std::to_string(o.channels));
  if (!source.decoded() && o.channels != sizes.channels)
    fail_usage("task " + o.id + ": its images have " + std::to_string(sizes.channels) + " channels, not " +
               std::to_string(o.channels) + "; leave out --channels");
  if (o.classes < sizes.classes)
    fail_usage("task " + o.id + ": its images have " + std::to_string(sizes.classes) + " classes, more than the " +
               std::to_string(o.classes) + " of the model; raise --classes, or leave it out");
}

/// Reads no images; when all sizes are given, as in a resolved configuration, nothing at all.
void complete_images(TaskOptions& o) {
  const ImageSource& source = find_image_source(o.id);
  if (source.generated() && !o.data.empty()) fail_usage("task " + o.id + " draws its images; leave out --data");
  if (o.image_size > 0 && o.channels > 0 && o.classes > 0 && o.n_train > 0) {
    if (!source.decoded()) check_sizes(o, source, source.published);
    return;
  }
  const ImageSizes sizes = image_sizes(source, request_of(o));
  if (o.image_size == 0) o.image_size = sizes.side;
  if (o.channels == 0) o.channels = sizes.channels;
  if (o.classes == 0) o.classes = sizes.classes;
  check_sizes(o, source, sizes);
  if (o.n_train == 0) o.n_train = source.generated() ? sizes.n_train : sizes.n_train - o.n_val;
  if (o.n_test == 0) o.n_test = sizes.n_test;
  if (o.n_train < 1) too_few(o, "--n-val and one to train on", o.n_val + 1, sizes.n_train);
  check_counts(o, source, sizes);
}

/// The images of a split, out of all `n` that the source has for training, or for test.
std::vector<index_t> images_of(const TaskOptions& o, const ImageSource& source, Split split, index_t n) {
  std::vector<index_t> order(static_cast<std::size_t>(n));
  if (source.generated())
    for (index_t i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  else
    order = epoch_order(n, kFixedSeed, split == Split::kTest ? 1 : 0);
  const index_t begin = split == Split::kTrain ? o.n_val : 0;
  const index_t count = split == Split::kTrain ? o.n_train : split == Split::kTest ? o.n_test : o.n_val;
  if (begin + count > n) too_few(o, split == Split::kTest ? "--n-test" : "--n-train and --n-val", begin + count, n);
  return {order.begin() + begin, order.begin() + begin + count};
}

class ImageData : public TaskData {
 public:
  explicit ImageData(const TaskOptions& options) : o_(options), source_(find_image_source(options.id)) {}

  std::unique_ptr<Dataset> split(Split split) override {
    if ((split == Split::kValidation && o_.n_val == 0) || (split == Split::kTest && o_.n_test == 0))
      return no_examples();
    auto set = images(split);
    ImageView view{images_of(o_, source_, split, set->size()), o_.image_size, o_.augment == "crop-flip", o_.seed};
    return image_dataset(std::move(set), PixelValues(pixels()), std::move(view));
  }

  DataFacts facts() override {
    DataFacts facts;
    facts.name = o_.id;
    facts.n_train = o_.n_train, facts.n_val = o_.n_val, facts.n_test = o_.n_test;
    facts.pixels = pixels();
    if (source_.generated()) {
      facts.class_names = class_names(source_, {});
      return facts;
    }
    facts.class_names = o_.class_names;
    for (const Split split : {Split::kTrain, Split::kTest}) {
      if (split == Split::kTrain && o_.trained && o_.n_val == 0) continue;
      const auto set = images(split);
      facts.files.insert(facts.files.end(), set->files.begin(), set->files.end());
      if (split == Split::kTrain) facts.class_names = class_names(source_, *set);
    }
    return facts;
  }

  /// As a trained model saw them, or by the set.
  Normalisation pixels() {
    return o_.pixels ? *o_.pixels : normalisation(source_, request_of(o_), [this] { return images(Split::kTrain); });
  }

 private:
  /// Training and validation images are one set.
  std::shared_ptr<const ImageSet> images(Split split) {
    auto& set = split == Split::kTest ? test_ : train_;
    if (!set) {
      set = open_images(source_, split, request_of(o_));
      check_sizes(o_, source_, {set->channels, set->side, set->classes, 0, 0});
    }
    return set;
  }

  TaskOptions o_;
  const ImageSource& source_;
  std::shared_ptr<const ImageSet> train_, test_;
};

}  // namespace

std::span<const Task> vision_tasks() {
  static const std::vector<Task> tasks = [] {
    std::vector<Task> out;
    for (const ImageSource& source : image_sources())
      out.push_back({source.id, "vit", std::string("the class of an image: ") + source.summary, "an image -> its class",
                     complete_images, open_as<ImageData>});
    return out;
  }();
  return tasks;
}

std::unique_ptr<Dataset> image_file_example(const TaskOptions& o, const std::filesystem::path& file) {
  constexpr std::uint64_t kMaxFileBytes = std::uint64_t{256} << 20;
  ImageSet set{o.channels, o.image_size, o.classes, {}, {0}, {}};
  set.pixels.resize(static_cast<std::size_t>(set.image_bytes()));
  resample_centre(decode_image(read_file(file, kMaxFileBytes), o.channels, file.string()), o.image_size,
                  set.pixels.data());
  return image_dataset(std::make_shared<const ImageSet>(std::move(set)), PixelValues(ImageData(o).pixels()),
                       {{0}, o.image_size, false, 0});
}

const std::vector<std::string>& augment_names() {
  static const std::vector<std::string> names{"none", "crop-flip"};
  return names;
}

}  // namespace qkvbench::data
