// Labelled images as bytes in memory: what every reader of images hands over.
// No floats and no files; image_dataset.hpp turns them into batches.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

/// Square images of one split.
struct ImageSet {
  index_t channels = 1, side = 0, classes = 0;
  std::vector<std::uint8_t> pixels;  ///< [N, channels, side, side]
  std::vector<std::int32_t> labels;  ///< [N], below classes
  std::vector<SourceFile> files;     ///< what was read; paths are relative to the set's folder
  /// In the order of labels, where files tell them; else they are the table's of image_sources.hpp.
  std::vector<std::string> class_names = {};

  index_t size() const { return static_cast<index_t>(labels.size()); }
  index_t image_bytes() const { return channels * side * side; }
  const std::uint8_t* image(index_t i) const { return pixels.data() + i * image_bytes(); }
};

/// What is known of a set before its images are read.
struct ImageSizes {
  index_t channels = 0, side = 0, classes = 0, n_train = 0, n_test = 0;
};

/// Decoded images of one split may take this much memory.
inline constexpr std::uint64_t kMaxImageBytes = std::uint64_t{8} << 30;

/// Throws Error (input) naming `origin` when n images of these sizes take more.
void check_image_memory(const std::string& origin, index_t n, index_t channels, index_t side);

}  // namespace qkvbench::data
