// Normalisation on the tape: LayerNorm and RMSNorm.
// The arithmetic is in kernels/norm.
#pragma once
#include "qkvbench/autograd/tape.hpp"

namespace qkvbench {

/// y = (x - mean)/√(variance + eps) · weight (+ bias) over the last size.
/// x, y: [..., C]; weight: [C]; bias: [C] or undefined.   Throws when weight or bias do not have C elements.
Value layer_norm(Tape& tape, Value x, Value weight, Value bias, real eps = static_cast<real>(1e-5),
                 ReadBy readers = ReadBy::kAll);

/// y = x/√(mean(x²) + eps) (· weight) over the last size.
/// x, y: [..., G, C]; weight: [C] for all rows, [G·C] for each of the G its own, or undefined.
/// Throws when weight has neither number of elements.
Value rms_norm(Tape& tape, Value x, Value weight, real eps, ReadBy readers = ReadBy::kAll);

}  // namespace qkvbench
