// The parts of a block that every architecture has: affine map, normalisation, MLP.
// Each declares its parameters when made and says in forward() what it computes; none knows a family or a task.
#pragma once
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/nn/block_spec.hpp"
#include "qkvbench/nn/parameters.hpp"

namespace qkvbench::nn {

/// How the weights of a family begin: PyTorch's defaults, or GPT-2's N(0, 0.02²) with zero biases.
enum class InitScheme { kPyTorch, kGpt2 };

/// Standard deviation of every weight of GPT-2's scheme.
inline constexpr double kGpt2Deviation = 0.02;

/// How a weight that maps from `fan_in` channels begins.
Init weight_init(InitScheme scheme, index_t fan_in);

/// Where a block drops out: what each half adds to the residual (GPT-2), or after both layers of the MLP (ViT).
enum class DropoutPlace { kResidual, kMlp };

/// Rows of numbers, one for each position, that all blocks of a model share. They are made when they are first asked
/// for, since a model that is only declared needs none; what was given out stays valid when more are asked for.
class PositionRows {
 public:
  /// fill(n, rows) writes n rows of `columns` numbers.
  PositionRows(index_t columns, std::function<void(index_t n, real* rows)> fill);
  /// At least n rows.   result: [n, columns]
  const real* first(index_t n) const;

 private:
  index_t columns_;
  std::function<void(index_t, real*)> fill_;
  mutable std::mutex making_;
  mutable std::deque<std::vector<real>> made_;
};

/// Everything a block needs to know: what it is made of, and what the model around it says.
struct BlockConfig : BlockSpec {
  const PositionRows* position_rows;  ///< of the positional term; both outlive the block
  const PositionRows* rope_rows;      ///< angles of RoPE
  bool causal;
  DropoutPlace dropout_place;
  InitScheme init;
};

/// y = x Wᵀ (+ b).
class Linear {
 public:
  Linear(Parameters& parameters, const std::string& name, index_t in, index_t out, InitScheme init, bool bias = true);
  /// x: [..., in]; residual: [..., out] or undefined; result: [..., out].
  Value forward(Tape& tape, Value x, Value residual = {}) const;
  /// residual + dropout(x Wᵀ + b).
  Value forward_dropout(Tape& tape, Value x, Value residual, real p) const;
  index_t out_features() const { return weight_->shape[0]; }
  Value weight(Tape& tape) const { return weight_->on(tape); }
  /// Undefined when there is none.
  Value bias(Tape& tape) const { return bias_ ? bias_->on(tape) : Value(); }

 private:
  const Parameter *weight_, *bias_ = nullptr;
};

/// LayerNorm or RMSNorm over the last size, as the block says.
class Norm {
 public:
  Norm(Parameters& parameters, const std::string& name, const BlockSpec& spec);
  Value forward(Tape& tape, Value x, ReadBy readers = ReadBy::kAll) const;
  /// Numbers that a training step holds inside for one position, values and gradients.
  index_t activations() const;
  index_t width() const { return weight_->shape.elements(); }

 private:
  const Parameter *weight_, *bias_ = nullptr;
  real eps_;
  bool rms_;
};

/// Linear(d→F), GELU, Linear(F→d); or swiglu: (silu(gate x) ⊙ fc_in x) through Linear(F→d).
class Mlp {
 public:
  Mlp(Parameters& parameters, const std::string& name, const BlockConfig& config);
  /// x, residual, result: [B, T, d_model]; result = residual + the MLP's output (with dropout).
  Value forward(Tape& tape, Value x, Value residual) const;
  /// As Norm's.
  index_t activations() const;
  /// How many of them products alone read.
  index_t operands() const;

 private:
  Value (*activation_)(Tape& tape, Value x, GeluUse use);
  std::optional<Linear> gate_;  // of swiglu
  Linear fc_in_, fc_out_;
  real dropout_, dropout_inside_;
};

}  // namespace qkvbench::nn
