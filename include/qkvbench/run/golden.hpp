// What golden files have in common: their metadata as a model, their integers, and how far our numbers are from theirs.
// Nothing of what a file of one kind or the other holds.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/nn/model.hpp"

namespace qkvbench::run::golden {

/// A metadata entry that is JSON. Throws Error (input) when it is none.
nlohmann::json metadata_json(const formats::Safetensors& file, const std::string& key);

/// The model of a file. `config` has the names of the official code; `seq_len`: positions of its examples (vit counts
/// its patches instead). Throws Error (input) on a size that is no count, nlohmann's exceptions on one that is missing.
nn::ModelConfig model_config(const formats::Safetensors& file, const nlohmann::json& config, index_t seq_len);

Shape shape_of(const formats::Safetensors::Tensor& tensor);
/// Throws Error (input) on one that is negative or has more than 32 bits.
std::vector<std::int32_t> ids_of(const formats::Safetensors& file, const std::string& name);
/// The target of position t is id t + 1; the last position of a row has none.
std::vector<std::int32_t> next_ids(const std::vector<std::int32_t>& ids, index_t row);

/// max|x|
double largest(const std::vector<float>& values);
/// max|Δ|; NaN or a different length make it infinite, so that a comparison fails.
double largest_difference(const real* ours, const std::vector<float>& golden, index_t size);
/// |Δ| / |golden|; NaN becomes infinite, since std::max would pass over it.
double relative(double ours, double golden);

}  // namespace qkvbench::run::golden
