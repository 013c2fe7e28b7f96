// Maps over elements on the tape: GELU, SwiGLU's gate, sums, gains, dropout, the sum with a table of positions.
// No broadcasting: shapes are equal, or the operation says what is repeated.
#pragma once
#include "qkvbench/autograd/tape.hpp"

namespace qkvbench {

/// What a GELU may do with x, and who reads its result.
struct GeluUse {
  bool up_x = false;  ///< nothing else wants x's numbers: what the backward pass needs takes their place
  ReadBy readers = ReadBy::kAll;
};

/// y = x·Φ(x), the exact GELU.   x, y: any shape.
Value gelu(Tape& tape, Value x, GeluUse use = {});

/// y = x·½(1 + tanh(√(2/π)(x + 0.044715 x³))), GPT-2's GELU.   x, y: any shape.
Value gelu_tanh(Tape& tape, Value x, GeluUse use = {});

/// y = silu(gate)·x.   gate, x, y: one shape. Throws when the shapes differ.
Value swiglu(Tape& tape, Value gate, Value x, ReadBy readers = ReadBy::kAll);

/// y = x·gain over the last size.   x, y: [..., C]; gain: [C]. Throws when gain does not have C elements.
Value scale_columns(Tape& tape, Value x, Value gain);

/// y = a + b.   a, b, y: one shape. Throws when the shapes differ.
Value add(Tape& tape, Value a, Value b);

/// y = x/(1-p) with probability 1-p, else 0, drawn from the tape's RandomContext; y is x when p = 0 or when the tape
/// does not record.   x, y: any shape; 0 <= p < 1.
Value dropout(Tape& tape, Value x, real p);

/// y[b, t] = x[b, t] + positions[t].   x, y: [B, T, C]; positions: [L, C] (or [1, L, C]) with L >= T.
/// Throws when L < T or the widths differ.
Value add_positions(Tape& tape, Value x, Value positions);

}  // namespace qkvbench
