// What heads and projections may be shared together.
// The partitions themselves are rows of the table in variant.cpp.
#include "qkvbench/nn/sharing.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/block_spec.hpp"

namespace qkvbench::nn {

/// The nearest divisors of n below and above `wanted`: "3 or 7".
static std::string divisors(index_t n, index_t wanted) {
  std::string below, above;
  for (index_t d = 1; d <= n; ++d) {
    if (n % d != 0) continue;
    if (d < wanted) below = std::to_string(d);
    if (d > wanted && above.empty()) above = std::to_string(d);
  }
  return below + (below.empty() || above.empty() ? "" : " or ") + above;
}

/// "1, 2, 4"
static std::string all_divisors(index_t n) {
  std::string text;
  for (index_t d = 1; d <= n; ++d)
    if (n % d == 0) text += (text.empty() ? "" : ", ") + std::to_string(d);
  return text;
}

void check_heads(const BlockSpec& spec) {
  const auto number = [](index_t n) { return std::to_string(n); };
  const index_t heads = spec.heads, kv_heads = spec.kv_heads;
  const bool width_follows = spec.qk_head_dim == 0 || spec.v_head_dim == 0;
  if (heads < 1 || spec.d_model < 1 || (width_follows && spec.d_model % heads != 0))
    fail_usage("heads " + number(heads) + " does not divide d_model " + number(spec.d_model) +
               "; every head needs the same number of channels: take heads " + divisors(spec.d_model, heads));
  if (kv_heads < 1 || heads % kv_heads != 0)
    fail_usage("kv_heads " + number(kv_heads) + " does not divide heads " + number(heads) + "; take " +
               all_divisors(heads));
  const Sharing& sharing = spec.variant.sharing();
  if (kv_heads != heads && sharing.query_shared())
    fail_usage("variant " + std::string(spec.variant.kind->id) + " shares the query's projection with " +
               (sharing.q == sharing.k ? "K" : "V") + ", so it has as many key/value heads as query heads: kv_heads " +
               number(kv_heads) + " must be " + number(heads));
}

}  // namespace qkvbench::nn
