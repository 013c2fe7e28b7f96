// CIFAR's binary files: records of one or two labels and 3 × 32 × 32 bytes.
// Not the Python pickles of the same name.
#pragma once
#include <filesystem>

#include "qkvbench/data/image_set.hpp"

namespace qkvbench::data {

/// Sizes from the lengths of the files: with 10 classes data_batch_1.bin to data_batch_5.bin (or the first few of
/// them) and test_batch.bin, with 100 train.bin and test.bin, whose records hold a coarse label before the fine one.
/// Files of other names, such as copies, are not read. Throws Error (input) when a file is missing or is no whole
/// number of records.
ImageSizes cifar_sizes(const std::filesystem::path& folder, index_t classes);

/// One split. Throws Error (input) naming the file and the byte of a label that is not below `classes`, or two files
/// that are the same.
ImageSet read_cifar(const std::filesystem::path& folder, Split split, index_t classes);

}  // namespace qkvbench::data
