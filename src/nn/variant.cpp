// The table of ways to make q, k and v, and the reading of their names.
// To add a partition, add a row; to add a kind of attention, its file and a row; to add a spelling, see normalised().
#include "qkvbench/nn/variant.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/nn/attention_kinds.hpp"

namespace qkvbench::nn {

namespace {

void nothing_follows(BlockSpec&) {}

constexpr std::string_view kBoth = "K and V", kKey = "K";
// What partitions read; v_norm, gains and the rest of BlockSpec concern all kinds.
constexpr std::string_view kOfPartitions = "qk_head_dim v_head_dim qk_norm v_norm projection_gains rope_value kv_heads";

constexpr std::array<AttentionKind, 9> kKinds{{
    // id, paper name, equation, projections, what is cached and in how many tensors, who feeds q, k and v, rotary key,
    // module, sizes that follow, keys
    {"q_k_v",
     "QKV",
     "softmax(α Q Kᵀ) V",
     3,
     kBoth,
     2,
     {{"q", "k", "v"}, 0, 1, 2},
     false,
     make_shared_attention,
     nothing_follows,
     kOfPartitions},
    {"qk_v",
     "Q=K≠V",
     "softmax(α K Kᵀ) V",
     2,
     kBoth,
     2,
     {{"qk", "v", ""}, 0, 0, 1},
     false,
     make_shared_attention,
     nothing_follows,
     kOfPartitions},
    {"q_kv",
     "Q≠K=V",
     "softmax(α Q Kᵀ) K",
     2,
     kKey,
     1,
     {{"q", "kv", ""}, 0, 1, 1},
     false,
     make_shared_attention,
     nothing_follows,
     kOfPartitions},
    {"qv_k",
     "",
     "softmax(α Q Kᵀ) Q",
     2,
     kBoth,
     2,
     {{"qv", "k", ""}, 0, 1, 0},
     false,
     make_shared_attention,
     nothing_follows,
     kOfPartitions},
    {"qkv",
     "Q=K=V",
     "softmax(α K Kᵀ) K",
     1,
     kKey,
     1,
     {{"qkv", "", ""}, 0, 0, 0},
     false,
     make_shared_attention,
     nothing_follows,
     kOfPartitions},
    {"qvv3",
     "",
     "softmax(α X W₁W₂ Kᵀ) K",
     3,
     kKey,
     1,
     {{"q", "kv", ""}, 0, 1, 1},
     false,
     make_qvv_attention,
     nothing_follows,
     "qk_head_dim v_head_dim qk_norm v_norm projection_gains rope_value kv_heads qvv_route"},
    {"gta",
     "",
     "softmax(α [Qₙ;Qᵣ] [Kₙ;r]ᵀ) K",
     3,
     "K and one rotary key",
     2,
     {{"q", "kv", ""}, 0, 1, 1},
     true,
     make_tied_attention,
     complete_tied,
     "qk_head_dim v_head_dim kv_heads"},
    {"mla",
     "",
     "softmax(α [Qₙ;Qᵣ] [c Wᵤₖ;r]ᵀ) c Wᵤᵥ",
     5,
     "a latent and one rotary key",
     2,
     {{"", "", ""}, 0, 1, 2},
     true,
     make_latent_attention,
     complete_latent,
     "v_head_dim q_rank kv_rank nope_dim"},
    {"gla",
     "",
     "softmax(α [Qₙ;Qᵣ] [c Wᵤₖ;r]ᵀ) c Wᵤᵥ",
     5,
     "latents and one rotary key",
     2,
     {{"", "", ""}, 0, 1, 2},
     true,
     make_latent_attention,
     complete_grouped_latent,
     "v_head_dim q_rank kv_rank nope_dim latent_heads"},
}};

/// The partition as a canonical id, from a spelling with '=' between letters that share and '-', '_', '!=', '≠' or
/// ',' between those that do not: "Q=K-V" becomes "qk_v". Empty if it is no partition of q, k and v.
std::string normalised(std::string text) {
  for (const std::string_view apart : {"!=", "≠", "/=", "-", ","})
    for (std::size_t at; (at = text.find(apart)) != std::string::npos;) text.replace(at, apart.size(), "_");
  std::vector<std::string> groups(1);
  for (const char raw : text) {
    const char c = static_cast<char>(std::tolower(static_cast<unsigned char>(raw)));
    if (c == '_')
      groups.emplace_back();
    else if (c == 'q' || c == 'k' || c == 'v')
      groups.back() += c;
    else if (c != '=')
      return "";
  }
  const std::string order = "qkv";
  for (std::string& group : groups)
    std::sort(group.begin(), group.end(), [&](char a, char b) { return order.find(a) < order.find(b); });
  std::sort(groups.begin(), groups.end(),
            [&](const std::string& a, const std::string& b) { return order.find(a[0]) < order.find(b[0]); });
  std::string id;
  for (const std::string& group : groups) id += (id.empty() ? "" : "_") + group;
  return id;
}

}  // namespace

std::span<const AttentionKind> all_kinds() { return kKinds; }

std::string Variant::id() const { return std::string(kind->id) + (plus ? "+" : ""); }

index_t Variant::place() const { return kind - kKinds.data(); }

std::string Variant::paper_name() const {
  if (kind->paper_name.empty() || !plus) return std::string(kind->paper_name);
  return "(" + std::string(kind->paper_name) + ")+";
}

std::string Variant::equation() const {
  std::string text(kind->equation);
  if (!plus) return text;
  // "softmax(α Q Kᵀ) V" becomes "softmax(α Q Kᵀ·Σw + P·w + b) V"
  return text.insert(text.find(')'), "·Σw + P·w + b");
}

Variant parse_variant(std::string_view given) {
  std::string text(given);
  text.erase(
      std::remove_if(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) || c == '(' || c == ')'; }),
      text.end());
  const bool plus = !text.empty() && text.back() == '+';
  if (plus) text.pop_back();
  if (text == "QKV")
    fail_usage("variant 'QKV' means three projections in the paper and one here; write 'q_k_v' (three) or 'qkv' (one)");
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string id = normalised(text);
  for (const AttentionKind& kind : kKinds)
    if (kind.id == id || kind.id == lower) return {&kind, plus};
  std::vector<std::string> ids;
  for (const AttentionKind& kind : kKinds) {
    ids.emplace_back(kind.id);
    ids.push_back(std::string(kind.id) + "+");
  }
  // "K=V" says what is shared and not the rest.
  std::string completed = id;
  for (const char letter : {'q', 'k', 'v'})
    if (!id.empty() && id.find(letter) == std::string::npos) completed += std::string("_") + letter;
  completed = normalised(completed);
  if (!id.empty() && completed != id && std::ranges::find(ids, completed) != ids.end())
    fail_usage("unknown variant '" + std::string(given) + "': did you mean '" + completed + (plus ? "+" : "") +
               "'? Known: " + join(ids));
  fail_usage(unknown_name("variant", given, ids));
}

}  // namespace qkvbench::nn
