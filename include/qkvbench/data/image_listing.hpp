// Which files of a folder are images, which folders are classes, and which of them a set's reader takes.
// Never opens an image; what systems and editors leave in folders is no part of a set.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

/// Files with a label each; paths are relative to `folder`.
struct ImageListing {
  std::filesystem::path folder;
  std::vector<std::string> paths;
  std::vector<std::int32_t> labels;
  std::vector<std::string> class_names;
};

/// Whether a name is one that a system or an editor makes by itself: .ipynb_checkpoints, ._a.png, __MACOSX, @eaDir ...
bool is_left_behind(const std::string& name);

/// Sorted names of the images in a folder, .jpg, .jpeg and .png in any case; none when there is no such folder.
std::vector<std::string> images_in(const std::filesystem::path& folder);
/// Sorted names of the folders in a folder; none when there is no such folder.
std::vector<std::string> folders_in(const std::filesystem::path& folder);

/// One split of train/<class>/ and of test/<class>/. Where test/ has no such images, val/, valid/ or validation/ stands
/// in for it; with none of the four there are no test images. Classes are the folders of train/, sorted, or `known`, a
/// trained model's in the order of its labels; then train/ is not needed for the test split.
/// Throws Error (input) when a class has no training images, a folder is none of the classes, images lie where they
/// would be left out (beside the class folders, in a folder within a class, in a format that is not read), or there is
/// a folder for tests without images, or one of another name.
ImageListing list_class_folder(const std::filesystem::path& folder, Split split,
                               const std::vector<std::string>& known = {});

}  // namespace qkvbench::data
