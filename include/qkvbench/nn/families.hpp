// Where families are made by name. To add one, derive from ModelEnds in a file of its own and add a row to the table in
// families.cpp.
#pragma once
#include <memory>

#include "qkvbench/nn/model.hpp"

namespace qkvbench::nn {

/// Throws Error (usage) when examples are longer than the learned positions.
void check_positions(const ModelConfig& config);

std::unique_ptr<ModelEnds> make_encoder(const ModelConfig& config);
std::unique_ptr<ModelEnds> make_vit(const ModelConfig& config);
std::unique_ptr<ModelEnds> make_set(const ModelConfig& config);
std::unique_ptr<ModelEnds> make_gpt(const ModelConfig& config);

/// Throws Error (usage) with the nearest name if there is no such family.
std::unique_ptr<ModelEnds> make_family(const ModelConfig& config);

}  // namespace qkvbench::nn
