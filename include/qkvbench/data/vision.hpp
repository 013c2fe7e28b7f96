// The tasks of vision: the class of an image, one task for each set of images.
// Not the sets; image_sources.hpp names and reads those.
#pragma once
#include <filesystem>

#include "qkvbench/data/image_sources.hpp"

namespace qkvbench::data {

/// One for each row of image_sources(). Training images are put into a fixed order once: the first n_val are the
/// validation split, the next n_train are trained on; the test split is only reported.
std::span<const Task> vision_tasks();

/// One example: an image file as the task's model sees it, its middle square in the model's size, normalised.
/// The options must be complete. Throws Error (input) when it is no image; without TaskOptions::pixels it reads the
/// training images of a set whose means are not known otherwise.
std::unique_ptr<Dataset> image_file_example(const TaskOptions& options, const std::filesystem::path& file);

/// What augment may be: none, crop-flip.
const std::vector<std::string>& augment_names();

}  // namespace qkvbench::data
