// Multi-head latent attention (MLA), and grouped latent attention (GLA), which has several latents: keys and values
// come from normed latents that are narrower than they, and one rotary key is shared by all heads.
// Decoding keeps latents alone and moves the maps from latent to key and value to the query and the output.
// Source: DeepSeek-V2, section 2.1 and appendix C; Zadouri, Strauss and Dao, 2025, for several latents.
#include <algorithm>
#include <optional>

#include "qkvbench/autograd/heads.hpp"
#include "qkvbench/autograd/norm.hpp"
#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/heads.hpp"
#include "qkvbench/nn/attention_kinds.hpp"

namespace qkvbench::nn {

namespace {

class LatentAttention : public Attention {
 public:
  LatentAttention(Parameters& parameters, const std::string& name, const BlockConfig& c)
      : Attention(name, c, {c.heads, c.nope_dim + c.rope_dim, c.value_width()}),
        M_(c.latent_heads),
        rank_(c.kv_rank),
        query_(parameters, name, c),
        down_(projection(parameters, "c_kv_down", c.d_model, M_ * rank_)),
        rotary_key_(projection(parameters, "c_k_rope", c.d_model, c.rope_dim)),
        norm_(&parameters.declare(name + ".kv_latent_norm.weight", {M_ * rank_}, Init::ones())),
        k_up_(projection(parameters, "c_k_up", rank_, c.heads * c.nope_dim)),
        v_up_(projection(parameters, "c_v_up", rank_, c.heads * value_width_)) {
    declare_output(parameters);
  }

  std::vector<CacheTensor> cache_tensors(CacheForm) const override {
    return {{"latent", M_, rank_}, {"k_rope", 1, config_.rope_dim}};
  }

 protected:
  Value heads(Tape& tape, Value x, const Place& place) const override {
    const Value q = rope(tape, query_.forward(tape, x, config_), rotation(place, key_width_));
    const Value down = down_.forward(tape, x);
    const Value by_latent = tape.reshape(down, {place.B, place.T, M_, rank_});
    const Value c =
        tape.reshape(rms_norm(tape, by_latent, norm_->on(tape), static_cast<real>(config_.norm_eps)), down.shape());
    const Value r = rope(tape, rotary_key_.forward(tape, x), rotation(place, config_.rope_dim));
    if (place.cached) {
      append(place, 0, c);
      append(place, 1, r);
    }
    if (place.step()) return step(tape, q, place);
    const Value k = grouped_linear(tape, c, k_up_.weight(tape), k_up_.bias(tape), M_);
    const Value v = grouped_linear(tape, c, v_up_.weight(tape), v_up_.bias(tape), M_);
    return attend(tape, q, join_heads(tape, k, r, config_.heads, config_.nope_dim), v, place);
  }

  index_t activations_inside() const override {
    const index_t q = config_.heads * key_width_, latents = M_ * rank_;
    return query_.activations() + 2 * q + 4 * latents + M_ + 4 * config_.rope_dim + 2 * k_up_.out_features() + 2 * q +
           2 * v_up_.out_features();
  }

 private:
  /// From x to [heads·(nope + rope)], straight or through a normed latent.
  class Query {
   public:
    Query(Parameters& parameters, const std::string& name, const BlockConfig& c) {
      const index_t out = c.heads * (c.nope_dim + c.rope_dim);
      if (c.q_rank == 0) {
        last_.emplace(parameters, name + ".c_q", c.d_model, out, c.init, c.bias);
        return;
      }
      down_.emplace(parameters, name + ".c_q_down", c.d_model, c.q_rank, c.init, c.bias);
      norm_ = &parameters.declare(name + ".q_latent_norm.weight", {c.q_rank}, Init::ones());
      last_.emplace(parameters, name + ".c_q_up", c.q_rank, out, c.init, c.bias);
    }
    Value forward(Tape& tape, Value x, const BlockSpec& spec) const {
      if (down_) x = rms_norm(tape, down_->forward(tape, x), norm_->on(tape), static_cast<real>(spec.norm_eps));
      return last_->forward(tape, x);
    }
    index_t activations() const { return 2 * last_->out_features() + (down_ ? 4 * down_->out_features() + 1 : 0); }

   private:
    std::optional<Linear> down_, last_;
    const Parameter* norm_ = nullptr;
  };

  /// q·k = (W_ukᵀ q)·c + rotary part, and Σ p v = W_uv Σ p c: no key and no value is made. The bias of keys adds the
  /// same to all scores of a query, which a softmax does not feel.   q: [B, 1, heads·(nope + rope)].
  Value step(Tape& tape, Value q, const Place& place) const {
    const index_t H = config_.heads, nope = config_.nope_dim, rope = config_.rope_dim, B = place.B;
    Scratch scratch;
    real* still = scratch.take(B * H * nope);
    real* absorbed = scratch.take(B * H * rank_);
    for (index_t i = 0; i < B * H; ++i) std::copy_n(q.data() + i * (nope + rope), nope, still + i * nope);
    kernels::grouped_linear_forward({B, H, nope, rank_, true}, still, k_up_.weight(tape).rows(), nullptr, absorbed);
    const Value query = tape.new_value({B, 1, H * (rank_ + rope)}, false);
    for (index_t i = 0; i < B * H; ++i) {
      real* to = query.data() + i * (rank_ + rope);
      std::copy_n(absorbed + i * rank_, rank_, to);
      std::copy_n(q.data() + i * (nope + rope) + nope, rope, to + rank_);
    }
    const kernels::Rows latents = cached(place, 0);
    const Value o = attend_cached(tape, query, {latents.format, latents.data, cached(place, 1).data, latents.data},
                                  place, {B, place.positions(), H, M_, rank_, rank_, rank_, rope, scale_});
    return grouped_linear(tape, o, v_up_.weight(tape), v_up_.bias(tape), H);
  }

  index_t M_, rank_;  // latents, and numbers of each
  Query query_;
  Linear down_, rotary_key_;
  const Parameter* norm_;
  Linear k_up_, v_up_;
};

}  // namespace

void complete_latent(BlockSpec& spec) {
  if (spec.latent_heads == 0) spec.latent_heads = 1;
  if (spec.nope_dim == 0) spec.nope_dim = spec.head_dim();
  if (spec.rope_dim == 0) spec.rope_dim = std::max<index_t>(2, spec.head_dim() / 4 * 2);
  if (spec.kv_rank == 0) spec.kv_rank = std::max<index_t>(1, 4 * spec.head_dim() / spec.latent_heads);
  if (spec.heads % spec.latent_heads != 0)
    fail_usage("latent_heads " + std::to_string(spec.latent_heads) + " does not divide heads " +
               std::to_string(spec.heads));
}

void complete_grouped_latent(BlockSpec& spec) {
  if (spec.latent_heads == 0) spec.latent_heads = 2;
  complete_latent(spec);
}

std::unique_ptr<Attention> make_latent_attention(Parameters& parameters, const std::string& name,
                                                 const BlockConfig& config) {
  return std::make_unique<LatentAttention>(parameters, name, config);
}

}  // namespace qkvbench::nn
