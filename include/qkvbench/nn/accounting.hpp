// What a model costs, exactly: parameters, multiply-adds, bytes of the decoding cache, memory of a training step.
// Counted from the declared parameters and sizes; nothing is measured here.
#pragma once
#include "qkvbench/nn/model.hpp"

namespace qkvbench::nn {

struct Cost {
  index_t params_total;              ///< every parameter once, tied ones too
  index_t params_attention;          ///< projections, output projection and positional terms of all blocks
  index_t macs_forward;              ///< multiply-adds of one example; attention counted over all T² pairs
  index_t cache_elements_per_token;  ///< of all tensors that the layers cache
};

/// Source: the paper, appendix on exact accounting.
Cost count_cost(const Model& model);

/// Bytes that training takes, besides the program, its data and the kernels' scratch (some ten MB).
struct TrainingMemory {
  index_t parameters, gradients, moments;  ///< Adam keeps two moments
  index_t activations;                     ///< values and gradients of a micro-batch at the fullest moment of a step
  index_t total() const { return parameters + gradients + moments + activations; }
};

/// Of a step on micro-batches of `examples` whose products round to `operands`. Within 5 % of what a tape takes (see
/// the test); headers of values and the positional term's rows are left out.
TrainingMemory training_memory(const Model& model, index_t examples,
                               kernels::NumberFormat operands = kernels::NumberFormat::kFp32);

}  // namespace qkvbench::nn
