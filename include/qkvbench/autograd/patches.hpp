// Images as sequences on the tape: patches in, a token in front, the first position out.
// The projection of a patch is not here; it is an affine map like any other.
#pragma once
#include "qkvbench/autograd/tape.hpp"

namespace qkvbench {

/// Non-overlapping p×p patches, row by row, each as [C, p, p]; zeros right and bottom where p does not divide the side.
/// images: [B, C, S, S] without a gradient; result: [B, ⌈S/p⌉², C·p·p]. Throws when images is not square.
Value image_patches(Tape& tape, Value images, index_t p);

/// y[b] = [token; x[b]].   x: [B, N, C]; token: C elements; y: [B, N + 1, C].
Value prepend_token(Tape& tape, Value x, Value token);

/// y[b] = x[b, 0].   x: [B, T, C]; y: [B, C].
Value first_position(Tape& tape, Value x);

}  // namespace qkvbench
