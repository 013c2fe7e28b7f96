// The pre-norm block that every model is a stack of.
// What its attention and MLP are, the BlockSpec says; nothing here knows.
#pragma once
#include <memory>

#include "qkvbench/nn/attention.hpp"

namespace qkvbench::nn {

/// x += Attention(norm1(x)); x += MLP(norm2(x)); dropout as DropoutPlace says.
class Block {
 public:
  /// Throws Error (usage) as the kind of attention does.
  Block(Parameters& parameters, const std::string& name, const BlockConfig& config);
  /// x, result: [B, T, d_model]; cached as in Attention.
  Value forward(Tape& tape, Value x, const CachedRows* cached = nullptr) const;
  /// Numbers that a training step holds inside for one position, values and gradients.
  index_t activations() const;
  /// How many of them products alone read.
  index_t operands() const;
  const Attention& attention() const { return *attention_; }

 private:
  Norm norm1_;
  std::unique_ptr<Attention> attention_;
  Norm norm2_;
  Mlp mlp_;
};

}  // namespace qkvbench::nn
