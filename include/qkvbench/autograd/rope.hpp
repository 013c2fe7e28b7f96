// Rotary positions on the tape.
// The arithmetic, and what may turn, is in kernels/rope; who holds the table of angles is the caller's business.
#pragma once
#include "qkvbench/autograd/tape.hpp"
#include "qkvbench/kernels/rope.hpp"

namespace qkvbench {

/// Where the rows of a batch stand and what turns them there; everything outlives the step.
struct Rotation {
  kernels::RopeSize size;
  const real* table;      ///< kernels::rope_table() from position 0 on
  const index_t* starts;  ///< [B] the position of each row's first element, or null: 0
};

/// y = x with every head turned by the angles of its position, or back when `direction` is -1.
/// x, y: [B, T, heads·width].   Throws when x has another form.
Value rope(Tape& tape, Value x, const Rotation& rotation, int direction = 1);

}  // namespace qkvbench
