// Images as examples: bytes become normalised floats when a batch asks for them, cropped and flipped for training.
// Knows no files; an image set of any origin will do.
#pragma once
#include <memory>

#include "qkvbench/base/random.hpp"
#include "qkvbench/data/image_set.hpp"
#include "qkvbench/data/image_sources.hpp"

namespace qkvbench::data {

struct ImageView {
  std::vector<index_t> images;  ///< which images of the set are the examples, in order
  index_t side = 0;             ///< of the examples; images of another side are resampled
  bool crop_flip = false;       ///< in training: a random crop after padding with 4 black pixels, a flip half the time
  std::uint64_t seed = 0;       ///< of crops and flips
};

/// input: [B, C, side, side]   targets: [B]
/// fill() shows examples as they are; fill_in_epoch() augments them, each in its own way in each epoch.
std::unique_ptr<Dataset> image_dataset(std::shared_ptr<const ImageSet> set, PixelValues values, ImageView view);

}  // namespace qkvbench::data
