// What heads and projections may be shared together.
// The partitions themselves are rows of the table in variant.cpp.
#include "qkvbench/nn/sharing.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/block_spec.hpp"

namespace qkvbench::nn {

void check_heads(const BlockSpec& spec) {
  const auto number = [](index_t n) { return std::to_string(n); };
  const index_t heads = spec.heads, kv_heads = spec.kv_heads;
  const bool width_follows = spec.qk_head_dim == 0 || spec.v_head_dim == 0;
  if (heads < 1 || spec.d_model < 1 || (width_follows && spec.d_model % heads != 0))
    fail_usage("heads " + number(heads) + " does not divide d_model " + number(spec.d_model) +
               "; every head needs the same number of channels");
  if (kv_heads < 1 || heads % kv_heads != 0)
    fail_usage("kv_heads " + number(kv_heads) + " does not divide heads " + number(heads));
  const Sharing& sharing = spec.variant.sharing();
  if (kv_heads != heads && sharing.query_shared())
    fail_usage("variant " + std::string(spec.variant.kind->id) + " shares the query's projection with " +
               (sharing.q == sharing.k ? "K" : "V") + ", so it has as many key/value heads as query heads: kv_heads " +
               number(kv_heads) + " must be " + number(heads));
}

}  // namespace qkvbench::nn
