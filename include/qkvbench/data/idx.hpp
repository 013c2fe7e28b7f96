// MNIST's files: IDX of unsigned bytes, plain or packed with gzip.
// Other types of IDX are refused; no such data set is known here.
#pragma once
#include <filesystem>

#include "qkvbench/data/image_set.hpp"

namespace qkvbench::data {

/// Sizes from the headers of a folder with (train|t10k)-(images-idx3|labels-idx1)-ubyte, each plain or .gz.
/// The number of classes is not in a header and stays 0.
/// Throws Error (input) when a file is missing, is no such file, or images are not square.
ImageSizes idx_sizes(const std::filesystem::path& folder);

/// Images and labels of one split of such a folder.
/// Throws Error (input) naming the file and the place when it is damaged, when the numbers of images and labels differ,
/// when a label is not below `classes`, or when a file lies there both plain and packed and they are not the same.
ImageSet read_idx(const std::filesystem::path& folder, Split split, index_t classes);

}  // namespace qkvbench::data
