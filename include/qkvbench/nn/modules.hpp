// The parts of a block: affine map, layer normalisation, attention, MLP, and the pre-norm block itself.
// Each declares its parameters when made and says in forward() what it computes; none knows a family or a task.
#pragma once
#include <array>
#include <mutex>
#include <vector>

#include "qkvbench/nn/parameters.hpp"
#include "qkvbench/nn/sharing.hpp"

namespace qkvbench::nn {

class KvCache;

/// The rows of a cache that a decoding step goes through, and the layer that it has come to.
struct CachedRows {
  KvCache* cache;
  index_t layer, first_row;
};

/// How the weights of a family begin: PyTorch's defaults, or GPT-2's N(0, 0.02²) with zero biases.
enum class InitScheme { kPyTorch, kGpt2 };

/// Standard deviation of every weight of GPT-2's scheme.
inline constexpr double kGpt2Deviation = 0.02;

/// Where a block drops out: what each half adds to the residual (GPT-2), or after both layers of the MLP (ViT).
enum class DropoutPlace { kResidual, kMlp };

/// P of the positional term, which all blocks of a model share. It is made when it is first asked for: a model that is
/// only declared needs none.
class PositionTable {
 public:
  /// T positions, m numbers each.
  PositionTable(index_t T, index_t m) : T_(T), m_(m) {}
  index_t positions() const { return T_; }
  /// [T, m]
  const real* data() const;

 private:
  index_t T_, m_;
  mutable std::once_flag made_;
  mutable std::vector<real> table_;
};

/// Everything a block needs to know.
struct BlockConfig {
  Variant variant;
  index_t d_model, heads, kv_heads;
  index_t pos_dim;                      ///< m of the positional term
  const PositionTable* position_table;  ///< of as many positions as the longest sequence has; outlives the block
  bool causal;
  real dropout;
  DropoutPlace dropout_place;
  InitScheme init;
};

/// y = x Wᵀ + b.
class Linear {
 public:
  Linear(Parameters& parameters, const std::string& name, index_t in, index_t out, InitScheme init);
  /// x: [..., in]; residual: [..., out] or undefined; result: [..., out].
  Value forward(Tape& tape, Value x, Value residual = {}) const;
  /// residual + dropout(x Wᵀ + b).
  Value forward_dropout(Tape& tape, Value x, Value residual, real p) const;
  index_t out_features() const { return bias_->shape[0]; }

 private:
  const Parameter *weight_, *bias_;
};

/// Layer normalisation over the last size.
class LayerNorm {
 public:
  LayerNorm(Parameters& parameters, const std::string& name, index_t d);
  Value forward(Tape& tape, Value x) const;

 private:
  const Parameter *weight_, *bias_;
};

/// Multi-head attention whose query, key and value come from the projections that the sharing names.
class Attention {
 public:
  Attention(Parameters& parameters, const std::string& name, const BlockConfig& config);
  /// x, residual, result: [B, T, d_model]; result = residual + attention(x) through the output projection (with
  /// dropout, where residuals have it).
  /// With `cached`, keys and values of x are appended to those B rows, and what they hold already takes part: T is 1,
  /// or B is 1 and the row is empty.
  Value forward(Tape& tape, Value x, Value residual, const CachedRows* cached = nullptr) const;
  /// Numbers that a training step holds inside for one position, values and gradients.
  index_t activations() const;
  /// The scores before the softmax, for looking at.   x: [B, T, d_model]; result: B·H·T·T numbers.
  std::vector<real> scores(Tape& tape, Value x) const;

 private:
  struct Inputs {
    Value q, k, v, terms;
  };
  Inputs project(Tape& tape, Value x, index_t term_positions) const;
  Value step(Tape& tape, const Inputs& in, const CachedRows& cached) const;

  BlockConfig config_;
  real dropout_;
  const Parameter *pos_w_ = nullptr, *pos_b_ = nullptr;  // only with the positional term
  std::vector<Linear> projections_;                      // one for each group of letters
  Linear out_;
};

/// x += Attention(LN1(x)); x += MLP(LN2(x)), MLP = Linear(d→4d), GELU, Linear(4d→d); dropout as DropoutPlace says.
class Block {
 public:
  Block(Parameters& parameters, const std::string& name, const BlockConfig& config);
  /// x, result: [B, T, d_model]; cached as in Attention.
  Value forward(Tape& tape, Value x, const CachedRows* cached = nullptr) const;
  /// Numbers that a training step holds inside for one position, values and gradients.
  index_t activations() const;
  const Attention& attention() const { return attention_; }
  const LayerNorm& norm1() const { return ln1_; }

 private:
  LayerNorm ln1_;
  Attention attention_;
  LayerNorm ln2_;
  Linear fc_in_, fc_out_;
  index_t d_model_;
  real dropout_, dropout_inside_;
};

}  // namespace qkvbench::nn
