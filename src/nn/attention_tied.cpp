// Grouped-tied attention: a key is the first channels of its value, then one rotary key that all heads share.
// Source: Zadouri, Strauss and Dao, "Hardware-efficient attention for fast decoding", 2025, section 3.
#include <algorithm>

#include "qkvbench/autograd/heads.hpp"
#include "qkvbench/nn/attention_kinds.hpp"

namespace qkvbench::nn {

namespace {

class TiedAttention : public Attention {
 public:
  TiedAttention(Parameters& parameters, const std::string& name, const BlockConfig& config)
      : Attention(name, config, {config.kv_heads, config.key_width(), config.key_width()}),
        e_(config.key_width()),
        r_(config.rope_dim),
        query_(projection(parameters, "c_q", config.d_model, config.heads * e_)),
        tied_(projection(parameters, "c_kv", config.d_model, config.kv_heads * e_)),
        rotary_key_(projection(parameters, "c_k_rope", config.d_model, r_)) {
    declare_output(parameters);
  }

  std::vector<CacheTensor> cache_tensors(CacheForm) const override {
    return {{"kv", kv_heads_, e_}, {"k_rope", 1, r_}};
  }

 protected:
  Value heads(Tape& tape, Value x, const Place& place) const override {
    const Value q = rope(tape, query_.forward(tape, x), rotation(place, e_));
    const Value u = tied_.forward(tape, x);
    const Value r = rope(tape, rotary_key_.forward(tape, x), rotation(place, r_));
    if (place.cached) {
      append(place, 0, u);
      append(place, 1, r);
    }
    if (!place.step()) return attend(tape, q, join_heads(tape, u, r, kv_heads_, e_ - r_), u, place);
    const kernels::Rows kept = cached(place, 0);
    return attend_cached(tape, q, {kept.format, kept.data, cached(place, 1).data, kept.data}, place,
                         {place.B, place.positions(), config_.heads, kv_heads_, e_ - r_, e_, e_, r_, scale_});
  }

  index_t activations_inside() const override { return 4 * query_.out_features() + 4 * tied_.out_features() + 4 * r_; }

 private:
  index_t e_, r_;  // width of a head, of which the rotary key
  Linear query_, tied_, rotary_key_;
};

}  // namespace

void complete_tied(BlockSpec& spec) {
  if (spec.rope_dim == 0) spec.rope_dim = std::max<index_t>(2, spec.key_width() / 4 * 2);
}

std::unique_ptr<Attention> make_tied_attention(Parameters& parameters, const std::string& name,
                                               const BlockConfig& config) {
  return std::make_unique<TiedAttention>(parameters, name, config);
}

}  // namespace qkvbench::nn
