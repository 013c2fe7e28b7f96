// What a model costs, exactly: parameters, multiply-adds of one example, bytes of the decoding cache.
// Counted from the declared parameters and sizes; nothing is measured here.
#pragma once
#include "qkvbench/nn/model.hpp"

namespace qkvbench::nn {

struct Cost {
  index_t params_total;                ///< every parameter once, tied ones too
  index_t params_attention;            ///< projections, output projection and positional terms of all blocks
  index_t macs_forward;                ///< multiply-adds of one example; attention counted over all T² pairs
  index_t kv_cache_numbers_per_token;  ///< distinct tensors among K and V × kv heads × head size × layers
};

/// Source: paper.md, "Exact accounting".
Cost count_cost(const Model& model);

}  // namespace qkvbench::nn
