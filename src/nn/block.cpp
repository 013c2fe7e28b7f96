// The two halves of a block.
// Each is a module of its own; here is the order.
#include "qkvbench/nn/block.hpp"

namespace qkvbench::nn {

Block::Block(Parameters& parameters, const std::string& name, const BlockConfig& config)
    : norm1_(parameters, name + ".ln1", config),
      attention_(config.variant.kind->make(parameters, name + ".attn", config)),
      norm2_(parameters, name + ".ln2", config),
      mlp_(parameters, name + ".mlp", config) {}

Value Block::forward(Tape& tape, Value x, const CachedRows* cached) const {
  x = attention_->forward(tape, norm1_.forward(tape, x, ReadBy::kProducts), x, cached);
  return mlp_.forward(tape, norm2_.forward(tape, x, ReadBy::kProducts), x);
}

index_t Block::activations() const {
  return norm1_.activations() + attention_->activations() + norm2_.activations() + mlp_.activations();
}

index_t Block::operands() const { return norm1_.width() + norm2_.width() + mlp_.operands(); }

}  // namespace qkvbench::nn
