// Layer normalisation on the tape.
// The one normalisation of the study; there is no RMSNorm or BatchNorm.
#pragma once
#include "qkvbench/autograd/tape.hpp"

namespace qkvbench {

/// y = (x - mean)/√(variance + 1e-5) · weight + bias over the last size.   x, y: [..., C]; weight, bias: [C].
/// Throws when weight or bias do not have C elements.
Value layer_norm(Tape& tape, Value x, Value weight, Value bias);

}  // namespace qkvbench
