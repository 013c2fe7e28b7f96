// Counting.
// Formulas only; no model is allocated for it.
#include "qkvbench/nn/accounting.hpp"

namespace qkvbench::nn {

Cost count_cost(const Model& model) {
  const ModelConfig& c = model.config();
  Cost cost{model.parameters().total(), 0, 0, 0};
  index_t block_weights = 0;  // matrices of all blocks: one multiply-add for each weight and position
  for (const Parameter& p : model.parameters().all()) {
    if (p.name.find(".attn.") != std::string::npos) cost.params_attention += p.shape.elements();
    if (p.name.starts_with("blocks.") && p.shape.rank() == 2) block_weights += p.shape.elements();
  }
  const index_t T = model.family().positions();
  cost.macs_forward = T * block_weights + c.layers * 2 * T * T * c.d_model + model.family().macs_ends();
  cost.kv_cache_numbers_per_token = c.variant.sharing->cached_tensors() * c.kv_heads * (c.d_model / c.heads) * c.layers;
  return cost;
}

}  // namespace qkvbench::nn
