// Models and unfinished runs as safetensors: what is saved, and putting it back.
// Knows neither run directories nor when to save.
#pragma once
#include <string>

#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::train {

/// A shape as files of tensors have it.
std::vector<index_t> sizes_of(const Shape& shape);

/// Writes model.safetensors: every parameter once, and the metadata. Returns what a manifest says of it.
/// Throws Error (output).
formats::ManifestEntry write_model(const std::filesystem::path& path, const nn::Model& model,
                                   std::map<std::string, std::string> metadata);

/// Copies a file's tensors into the model's parameters. `prefix` is put before each name ("param.").
/// Throws Error (input) unless file and model have the same names and shapes (tensors without the prefix are ignored),
/// and every number is finite.
void load_model(const formats::Safetensors& file, const std::string& prefix, nn::Model& model);

/// Writes a checkpoint: parameters, moments (optimizer.m.*, optimizer.v.*), the trainer's state, and the metadata of
/// the run. Returns what a manifest says of it. Throws Error (output).
formats::ManifestEntry write_checkpoint(const std::filesystem::path& path, const nn::Model& model, Trainer& trainer,
                                        std::map<std::string, std::string> metadata);

/// Puts a checkpoint back. Throws Error (input) when it does not fit the model.
void load_checkpoint(const formats::Safetensors& file, nn::Model& model, Trainer& trainer);

}  // namespace qkvbench::train
