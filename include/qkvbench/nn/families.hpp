// Where families are made by name. To add one, derive from Family and add a row to the table in families.cpp.
#pragma once
#include <memory>

#include "qkvbench/nn/model.hpp"

namespace qkvbench::nn {

/// Throws Error (usage) with the nearest name if there is no such family.
std::unique_ptr<Family> make_family(const ModelConfig& config);

}  // namespace qkvbench::nn
