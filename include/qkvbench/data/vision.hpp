// The tasks of vision: the class of an image, one task for each set of images.
// Not the sets; image_sources.hpp names and reads those.
#pragma once
#include "qkvbench/data/image_sources.hpp"

namespace qkvbench::data {

/// One for each row of image_sources(). Training images are put into a fixed order once: the first n_val are the
/// validation split, the next n_train are trained on; the test split is only reported.
std::span<const Task> vision_tasks();

/// What augment may be: none, crop-flip.
const std::vector<std::string>& augment_names();

}  // namespace qkvbench::data
