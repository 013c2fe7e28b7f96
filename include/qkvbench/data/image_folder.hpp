// Folders of JPEG and PNG files: one folder for each class, or Tiny ImageNet's own layout.
// Every image is decoded once, when the set is read, so that no step of training waits for a decoder.
#pragma once
#include <filesystem>

#include "qkvbench/data/image_set.hpp"

namespace qkvbench::data {

/// What is asked of decoded images.
struct DecodeOptions {
  index_t channels = 3, side = 64;
  std::vector<std::string> classes =
      {};  ///< a trained model's, in the order of its labels; empty: as the folder has it
};

/// Sizes by listing train/<class>/*.{jpg,jpeg,png} and test/ (or val/) of the same form; see list_class_folder() for
/// what stands in for test/ and what is refused. Classes are the names of the folders in train/, sorted.
ImageSizes class_folder_sizes(const std::filesystem::path& folder);
/// One split, in the order of class and name. Throws Error (input) as above, naming the first image in that order that
/// does not decode, when the images would take more than kMaxImageBytes, and when a folder is none of the classes asked
/// for; then train/ is not needed for the test split.
ImageSet read_class_folder(const std::filesystem::path& folder, Split split, const DecodeOptions& options);

/// The same for Tiny ImageNet: wnids.txt, train/<wnid>/images/*.JPEG, val/images and val/val_annotations.txt.
/// Only files of the set's own names are read. Throws Error (input) when a class has no training images.
/// Classes are in the order of wnids.txt; val/ is the test split, since the labels of its test/ are not public.
ImageSizes tiny_imagenet_sizes(const std::filesystem::path& folder);
ImageSet read_tiny_imagenet(const std::filesystem::path& folder, Split split, const DecodeOptions& options);

}  // namespace qkvbench::data
