// Parity of the training loop: schedule, clipping, order, uneven last batches and accumulation of the official code.
// The trainer that runs is the one that `train` uses; nothing is stepped by hand.
#pragma once
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/run/verify.hpp"

namespace qkvbench::run {

/// Compares a file that holds a whole training loop (metadata `loop`: epochs or steps). Within tolerance are learning
/// rates to 1e-12, losses and gradient norms to 1e-5 of each step, parameters at the end to 5e-4 but for those whose
/// gradient is zero in theory, the test's loss to 1e-5 and its accuracy to the last target. `result` names the file.
/// Throws Error (input) when the file is not of that form, nlohmann's exceptions on metadata that are missing.
ParityResult verify_loop(const formats::Safetensors& file, ParityResult result);

}  // namespace qkvbench::run
