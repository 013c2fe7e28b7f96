// The sets of images by name: a row for each says how it is read and what is known of it.
// Not tasks; vision.hpp and anomaly.hpp make those from rows.
#pragma once
#include <functional>
#include <memory>

#include "qkvbench/data/image_set.hpp"

namespace qkvbench::data {

/// What is asked of a set.
struct ImageRequest {
  std::string data;                           ///< its folder; empty: where installed sets are
  index_t channels = 0;                       ///< of decoded images
  index_t side = 0;                           ///< of decoded images: no more is kept of them
  index_t n_train = 0, n_test = 0;            ///< of generated images: how many are drawn
  std::vector<std::string> class_names = {};  ///< a trained model's, see TaskOptions
};

struct ImageSource {
  enum class Form { kGlyphs, kIdx, kCifar, kTinyImageNet, kClassFolder };
  const char* id;
  const char* summary;
  Form form;
  ImageSizes published;                 ///< what is true of the set as published; n_train 0: nothing is
  std::vector<double> mean, deviation;  ///< of each channel, as shares of 255; empty: those of the training images
  const char* inner = "";               ///< the folder that its archive unpacks to
  const char* class_names = "";         ///< between commas, in the order of labels; empty: its files tell

  bool decoded() const { return form == Form::kTinyImageNet || form == Form::kClassFolder; }
  bool generated() const { return form == Form::kGlyphs; }
};

/// To add a set, add a row to the table in image_sources.cpp.
std::span<const ImageSource> image_sources();
/// Throws Error (usage) with the nearest name if there is no such set.
const ImageSource& find_image_source(const std::string& id);

/// Sizes of a set without reading its images: from headers and names when it is there, else as published.
/// Decoded images have the channels and the side asked for, by default 3 and 64.
/// Throws Error (input) when it is not there and nothing is published of it.
ImageSizes image_sizes(const ImageSource& source, const ImageRequest& request);

/// Reads a split.
std::shared_ptr<const ImageSet> open_images(const ImageSource& source, Split split, const ImageRequest& request);

/// Names of the classes of a set that was read, in the order of labels.
std::vector<std::string> class_names(const ImageSource& source, const ImageSet& set);

/// What every byte becomes.
class PixelValues {
 public:
  PixelValues(const std::vector<double>& mean, const std::vector<double>& deviation);
  explicit PixelValues(const Normalisation& n) : PixelValues(n.mean, n.deviation) {}
  /// 256 values of a channel.
  const real* channel(index_t c) const { return values_.data() + c * 256; }

 private:
  std::vector<real> values_;
};

/// The source's constants, or the means and deviations of its training images, which are then asked for.
Normalisation normalisation(const ImageSource& source, const ImageRequest& request,
                            const std::function<std::shared_ptr<const ImageSet>()>& training);

}  // namespace qkvbench::data
