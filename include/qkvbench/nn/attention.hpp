// What every kind of attention is to the rest of the program: a module with parameters, a forward pass, a decoding
// step, the tensors that it caches and what it costs. To add a kind, derive from Attention in a file of its own and add
// a row to the table in variant.cpp.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/autograd/attention.hpp"
#include "qkvbench/autograd/rope.hpp"
#include "qkvbench/kernels/decode_attention.hpp"
#include "qkvbench/nn/kv_cache.hpp"
#include "qkvbench/nn/layers.hpp"

namespace qkvbench::nn {

/// The rows of a cache that a decoding step goes through, and the layer that it has come to.
struct CachedRows {
  KvCache* cache;
  index_t layer, first_row;
};

class Attention {
 public:
  virtual ~Attention() = default;
  Attention(const Attention&) = delete;
  Attention& operator=(const Attention&) = delete;

  /// x, residual, result: [B, T, d_model]; result = residual + attention(x) through the output projection (with
  /// dropout, where residuals have it), which it tells by the names "residual" and "sum".
  /// With `cached`, what decoding keeps of x is appended to those B rows, and what they hold already takes part: T is
  /// 1, or B is 1 and the row is empty.
  Value forward(Tape& tape, Value x, Value residual, const CachedRows* cached = nullptr) const;

  /// What decoding keeps of a position in this layer.
  virtual std::vector<CacheTensor> cache_tensors(CacheForm form) const = 0;
  /// Multiply-adds of a forward pass for one query and one position that it sees.
  index_t macs_per_pair() const { return config_.heads * (key_width_ + value_width_); }
  /// Numbers that a training step holds inside for one position, values and gradients.
  index_t activations() const;

  /// Heads, their sharing and the scale of the scores, for those who look at q and k.
  HeadLayout layout() const { return {config_.heads, kv_heads_, config_.causal, scale_}; }
  const std::string& name() const { return name_; }

 protected:
  /// What a whole pass compares: key heads, and the widths of a key and of a value head.
  struct Widths {
    index_t kv_heads, key, value;
  };
  Attention(const std::string& name, const BlockConfig& config, Widths widths);

  /// Where a pass stands.
  struct Place {
    index_t B, T;
    const CachedRows* cached;  ///< null: not decoding
    const index_t* starts;     ///< [B] position of each row's first element, or null: 0

    bool step() const { return cached != nullptr && T == 1; }
    /// Positions that there are angles and terms for.
    index_t positions() const { return step() ? cached->cache->capacity() : T; }
  };

  /// x: [B, T, d_model]; result: [B, T, heads·value width], before the output projection. Appends to the cache.
  virtual Value heads(Tape& tape, Value x, const Place& place) const = 0;
  /// Numbers inside heads() for one position, without the result.
  virtual index_t activations_inside() const = 0;

  /// Declares an affine map of this module, "blocks.0.attn.c_q".
  Linear projection(Parameters& parameters, const std::string& suffix, index_t in, index_t out) const;
  /// Declares the output projection and the positional term; last in every constructor.
  void declare_output(Parameters& parameters);
  /// The scores' term at a place; undefined without +.
  Value terms(Tape& tape, const Place& place) const;
  /// The whole pass over q, k and v, which it tells by these names, and then "terms".
  Value attend(Tape& tape, Value q, Value k, Value v, const Place& place) const;
  /// One step over what the cache holds.   q: [B, 1, heads·(D + shared)]; result: [B, 1, heads·F].
  Value attend_cached(Tape& tape, Value q, const kernels::CachedArrays& arrays, const Place& place,
                      const kernels::CachedAttentionSize& size) const;
  /// x: [B, T, heads·tensor's width] goes behind what the rows hold.
  void append(const Place& place, index_t tensor, Value x) const;
  /// The rows' part of a cached tensor.   result: [B, heads, capacity] rows of its width.
  kernels::Rows cached(const Place& place, index_t tensor) const;
  kernels::RopeSize rope_size(index_t width) const;
  /// How the last rope_span() channels of heads of that width turn.
  Rotation rotation(const Place& place, index_t width) const;

  BlockConfig config_;
  std::string name_;
  real scale_;
  index_t kv_heads_, key_width_, value_width_;

 private:
  kernels::PlusForm plus_form() const;

  real dropout_;
  const Parameter *pos_w_ = nullptr, *pos_b_ = nullptr;  // only with the positional term
  std::optional<Linear> out_;
};

}  // namespace qkvbench::nn
