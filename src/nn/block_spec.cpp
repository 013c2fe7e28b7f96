// What fits together in a block.
// Every refusal says why; what the options compute is in the modules.
#include "qkvbench/nn/block_spec.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::nn {

index_t BlockSpec::inner_width() const {
  if (d_ff > 0) return d_ff;
  return mlp == "swiglu" ? (4 * d_model * 2 / 3 + 7) / 8 * 8 : 4 * d_model;
}

namespace {

void check_rope(const BlockSpec& c) {
  if (c.rope_value != "unrotated" && !c.variant.sharing().key_is_value())
    fail_usage("rope_value " + c.rope_value + " is for values that are the key's projection; variant " +
               c.variant.id() + " has values of its own, which never turn");
  if (c.rope_dim > 0 && c.rope_fraction < 1)
    fail_usage("rope_dim and rope_fraction are two ways to turn a part of a head; leave one of them out");
  if (c.rope_span() % 2 != 0)
    fail_usage("positions rope turns pairs of channels, and " + std::to_string(c.rope_span()) +
               " is odd; choose --rope-dim, --qk-head-dim or --heads so that it is even");
  if (c.rope_pairs() < 1)
    fail_usage("rope_fraction leaves no pair of " + std::to_string(c.rope_span()) + " channels to turn; raise it");
}

void check_name(const char* key, const std::string& name, std::span<const char* const> known) {
  if (std::find(known.begin(), known.end(), name) == known.end())
    fail_usage(unknown_name(key, name, std::vector<std::string>(known.begin(), known.end())));
}

/// Keys that say how heads turn say nothing where none does.
void check_no_rope(const BlockSpec& c) {
  const BlockSpec plain;
  const auto refuse = [](const char* key) {
    fail_usage(std::string(key) + " says how positions rope turn, and the positions are others; add --positions rope");
  };
  if (c.rope_base != plain.rope_base) refuse("rope_base");
  if (c.rope_dim != plain.rope_dim) refuse("rope_dim");
  if (c.rope_fraction != plain.rope_fraction) refuse("rope_fraction");
  if (c.rope_style != plain.rope_style) refuse("rope_style");
  if (c.rope_value != plain.rope_value) refuse("rope_value");
}

/// Keys that some kinds read and others do not.
void check_concerns(const BlockSpec& c) {
  const BlockSpec plain;
  const auto check = [&](const char* key, bool changed) {
    if (changed && !c.variant.kind->reads(key))
      fail_usage(std::string(key) + " does not concern variant " + c.variant.id() + "; leave it out");
  };
  check("qk_head_dim", c.qk_head_dim != plain.qk_head_dim);
  check("v_head_dim", c.v_head_dim != plain.v_head_dim);
  check("qk_norm", c.qk_norm);
  check("v_norm", c.v_norm);
  check("projection_gains", c.projection_gains);
  check("rope_value", c.rope_value != plain.rope_value);
  check("kv_heads", c.kv_heads != c.heads);
  check("qvv_route", c.qvv_route != plain.qvv_route);
  check("q_rank", c.q_rank != plain.q_rank);
  check("kv_rank", c.kv_rank != plain.kv_rank);
  check("nope_dim", c.nope_dim != plain.nope_dim);
  check("latent_heads", c.latent_heads > 1);
}

/// Of kinds whose heads are as wide as the block says.
void check_widths(const BlockSpec& c) {
  if (c.rope_dim > c.key_width())
    fail_usage("rope_dim " + std::to_string(c.rope_dim) + " is more than a head's " + std::to_string(c.key_width()) +
               " channels");
  const Sharing& s = c.variant.sharing();
  if (c.key_width() == c.value_width()) return;
  if (s.k == s.v || s.q == s.v)
    fail_usage("variant " + c.variant.id() + " makes V by the projection of " + (s.k == s.v ? "K" : "Q") +
               ", so qk_head_dim " + std::to_string(c.key_width()) + " must be v_head_dim " +
               std::to_string(c.value_width()));
}

}  // namespace

void complete_block(BlockSpec& spec) {
  const BlockSpec& c = spec;
  check_name("norm", c.norm, kNorms);
  check_name("mlp", c.mlp, kMlps);
  check_name("positions", c.positions, kPositions);
  check_name("rope_style", c.rope_style, kRopeStyles);
  check_name("qvv_route", c.qvv_route, kQvvRoutes);
  check_name("plus", c.plus, kPlusForms);
  if (c.plus != kPlusForms[0] && !c.variant.plus)
    fail_usage("plus " + c.plus + " is a form of the + term, which variant " + c.variant.id() + " has not; name " +
               c.variant.id() + "+, or leave --plus out");
  if (c.rope_value == "rotated")
    fail_usage(
        "rope_value rotated, values that turn and are left so, is not translation invariant: the same text "
        "further on would give other numbers; choose relative, which turns the output back, or unrotated");
  check_name("rope_value", c.rope_value, kRopeValues);
  check_heads(c);
  check_concerns(c);
  c.variant.kind->complete(spec);
  // Kinds with a rotary key of their own need something to turn it by.
  if (c.variant.kind->rotary && !c.rope())
    fail_usage("variant " + c.variant.id() + " has a rotary key of its own; add --positions rope");
  c.rope() ? check_rope(c) : check_no_rope(c);
  if (c.variant.kind->reads("qk_head_dim")) check_widths(c);
}

}  // namespace qkvbench::nn
