// Folders of models as Hugging Face's libraries leave them: config.json beside the weights, in one file or in several.
// Not what the configuration means.
#pragma once
#include <filesystem>

#include "qkvbench/formats/foreign_tensor.hpp"
#include "qkvbench/formats/json.hpp"

namespace qkvbench::formats {

struct ModelFolder {
  nlohmann::json config;
  ForeignTensors tensors;
  std::vector<std::filesystem::path> files;  ///< that hold the tensors
};

/// Reads config.json, and the weights from model.safetensors, or the files that model.safetensors.index.json names, or
/// pytorch_model.bin. Throws Error (input) naming what is missing, damaged, of another form or, in an index, no plain
/// name of a file in the folder.
ModelFolder read_model_folder(const std::filesystem::path& folder);

}  // namespace qkvbench::formats
