// A set of images as a trained model represents them, in files that the task anomaly reads.
// The files are all that an anomaly run depends on; its result records their SHA-256.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

struct FeatureRequest {
  std::string task;        ///< another set of images than the model's; empty: the model's
  std::string data;        ///< its folder; empty: where it is installed, or the model's own
  index_t batch_size = 0;  ///< images at a time; 0: as trained
  bool overwrite = false;
};

struct FeatureFiles {
  std::string task;
  index_t n_train = 0, n_test = 0, features = 0;
  std::vector<data::SourceFile> files;  ///< train.npy, train-labels.npy, test.npy, test-labels.npy
};

/// Writes the penultimate layer's numbers ([images, d_model], float32) and labels of all training and all test images,
/// each turned to numbers as the model saw its training images.
/// Throws Error: usage when the model is not of images, the set's images do not fit it, or files are there already;
/// input as the task's data do; output.
FeatureFiles write_features(const LoadedModel& run, const FeatureRequest& request, const std::filesystem::path& folder);

}  // namespace qkvbench::run
