// What a block is made of, as data: sizes, the way of making q, k and v, and the options of modern blocks.
// A plain record: modules read it, nothing here computes. Its fields are keys of the configuration.
#pragma once
#include <array>
#include <string>

#include "qkvbench/nn/variant.hpp"

namespace qkvbench::nn {

// What the names below may be, the neutral one first.
inline constexpr std::array kNorms{"layernorm", "rmsnorm"};
inline constexpr std::array kMlps{"gelu", "gelu_tanh", "swiglu"};
inline constexpr std::array kPositions{"learned", "rope", "none"};
inline constexpr std::array kRopeStyles{"half", "interleaved"};
inline constexpr std::array kRopeValues{"unrotated", "relative"};
inline constexpr std::array kQvvRoutes{"full", "head"};
inline constexpr std::array kPlusForms{"2d", "column", "temperature", "relative"};  // in the order of PlusForm

/// Everything that is alike in all blocks of a model. What is said beside `norm` and behind it is GPT-2's block, and
/// zero means "follows from the others".   Source of the options: docs/attention.md.
struct BlockSpec {
  Variant variant;
  index_t d_model = 64, heads = 4, kv_heads = 4;
  index_t pos_dim = 10;     ///< m of the positional term
  std::string plus = "2d";  ///< or column, temperature, relative: what the positional term is
  double dropout = 0;

  std::string norm = "layernorm";  ///< or rmsnorm
  double norm_eps = 1e-5;          ///< of every normalisation
  std::string mlp = "gelu";        ///< or gelu_tanh, swiglu
  index_t d_ff = 0;                ///< inner width of the MLP; 0: 4·d_model, swiglu ⅔ of it, rounded up to 8
  bool bias = true;                ///< in every affine map and LayerNorm

  std::string positions = "learned";     ///< or rope, none
  double rope_base = 10000;              ///< θ_j = base^(-2j/width)
  index_t rope_dim = 0;                  ///< only the last so many channels of a head turn; 0: all
  double rope_fraction = 1;              ///< only this part of the pairs turns, the slowest stand still
  std::string rope_style = "half";       ///< or interleaved: which channels make a pair
  std::string rope_value = "unrotated";  ///< or relative: what a value is where it is the key's projection

  bool qk_norm = false;           ///< RMSNorm of each head of q and k, with gains, before they turn
  bool v_norm = false;            ///< RMSNorm of each head of v, without gains
  double attn_scale = 0;          ///< α of the scores; 0: 1/√(width of a key head)
  index_t qk_head_dim = 0;        ///< width of a query and key head; 0: d_model/heads
  index_t v_head_dim = 0;         ///< width of a value head; 0: d_model/heads
  bool projection_gains = false;  ///< q, k and v are scaled by channel behind their projections

  index_t q_rank = 0;        ///< latent: width of the query's latent; 0: queries straight from x
  index_t kv_rank = 0;       ///< latent: width of one latent of keys and values; 0: 4 heads, or 2 of each of several
  index_t nope_dim = 0;      ///< latent: channels of a key head that do not turn; 0: d_model/heads
  index_t latent_heads = 0;  ///< gla: latents; 0: 2
  std::string qvv_route = "full";  ///< or head: the second map of a query, [d, d] or one [e, e] for each head

  index_t head_dim() const { return d_model / heads; }
  index_t key_width() const { return qk_head_dim > 0 ? qk_head_dim : head_dim(); }
  index_t value_width() const { return v_head_dim > 0 ? v_head_dim : head_dim(); }
  /// Inner width of the MLP.
  index_t inner_width() const;
  bool rope() const { return positions == "rope"; }
  /// Channels of a head among which pairs turn, and the pairs that do.
  index_t rope_span() const { return rope_dim > 0 ? rope_dim : key_width(); }
  index_t rope_pairs() const { return static_cast<index_t>(rope_fraction * static_cast<double>(rope_span()) / 2); }
};

/// Gives sizes that are zero and that the variant reads the values that follow from others, and checks everything.
/// Throws Error (usage), with the reason, when options do not fit each other or the variant.
void complete_block(BlockSpec& spec);

}  // namespace qkvbench::nn
