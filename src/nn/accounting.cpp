// Counting.
// Formulas only; no model is allocated for it.
#include "qkvbench/nn/accounting.hpp"

namespace qkvbench::nn {

Cost count_cost(const Model& model) {
  Cost cost{model.parameters().total(), 0, 0, 0};
  index_t block_weights = 0;  // matrices of all blocks: one multiply-add for each weight and position
  for (const Parameter& p : model.parameters().all()) {
    if (p.name.find(".attn.") != std::string::npos) cost.params_attention += p.shape.elements();
    if (p.name.starts_with("blocks.") && p.shape.rank() >= 2) block_weights += p.shape.elements();
  }
  const index_t T = model.family().positions();
  cost.macs_forward = T * block_weights + model.family().io_macs();
  for (const Block& block : model.blocks()) {
    cost.macs_forward += T * T * block.attention().macs_per_pair();
    for (const CacheTensor& tensor : block.attention().cache_tensors(CacheForm::kLeast))
      cost.cache_elements_per_token += tensor.heads * tensor.width;
  }
  return cost;
}

TrainingMemory training_memory(const Model& model, index_t examples, kernels::NumberFormat operands) {
  const ModelConfig& c = model.config();
  constexpr auto kReal = static_cast<index_t>(sizeof(real));
  const index_t bytes = model.parameters().total() * kReal;
  const Block& one = model.blocks().front();
  const index_t narrow = one.operands(), d = c.d_model;
  const index_t block =
      (one.activations() - narrow) * kReal + kernels::row_bytes(operands, narrow);  // bytes of a position
  // The last LayerNorm, its gradient, and the gradient that is handed down from block to block. A block that is
  // recomputed keeps what goes in and its gradient, and only one has its inside at a time.
  const index_t last_norm = (3 * d + 2) * kReal;
  const index_t blocks = c.recompute ? c.layers * 2 * d * kReal + block : c.layers * block;
  const index_t activations =
      examples * (model.family().positions() * (last_norm + blocks) + model.family().io_activations() * kReal);
  return {bytes, bytes, 2 * bytes, activations};
}

}  // namespace qkvbench::nn
