// The table of partitions and the reading of their names.
// To add a partition, add a row; to add a spelling, see normalised().
#include "qkvbench/nn/sharing.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::nn {

namespace {

constexpr std::array<Sharing, 5> kSharings{{
    // id, paper name, equation, projections, and which of them feeds q, k, v
    {"q_k_v", "QKV", "softmax(α Q Kᵀ) V", {"q", "k", "v"}, 0, 1, 2},
    {"qk_v", "Q=K≠V", "softmax(α K Kᵀ) V", {"qk", "v", ""}, 0, 0, 1},
    {"q_kv", "Q≠K=V", "softmax(α Q Kᵀ) K", {"q", "kv", ""}, 0, 1, 1},
    {"qv_k", "", "softmax(α Q Kᵀ) Q", {"qv", "k", ""}, 0, 1, 0},
    {"qkv", "Q=K=V", "softmax(α K Kᵀ) K", {"qkv", "", ""}, 0, 0, 0},
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

std::span<const Sharing> all_sharings() { return kSharings; }

std::string Variant::id() const { return std::string(sharing->id) + (plus ? "+" : ""); }

std::string Variant::paper_name() const {
  if (sharing->paper_name.empty() || !plus) return std::string(sharing->paper_name);
  return "(" + std::string(sharing->paper_name) + ")+";
}

std::string Variant::equation() const {
  std::string text(sharing->equation);
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
  const std::string id = normalised(text);
  for (const Sharing& sharing : kSharings)
    if (sharing.id == id) return {&sharing, plus};
  std::vector<std::string> ids;
  for (const Sharing& sharing : kSharings) {
    ids.emplace_back(sharing.id);
    ids.push_back(std::string(sharing.id) + "+");
  }
  fail_usage(unknown_name("variant", given, ids));
}

void check_heads(const Sharing& sharing, index_t d_model, index_t heads, index_t kv_heads) {
  const auto number = [](index_t n) { return std::to_string(n); };
  if (heads < 1 || d_model < 1 || d_model % heads != 0)
    fail_usage("heads " + number(heads) + " does not divide d_model " + number(d_model) +
               "; every head needs the same number of channels");
  if (kv_heads < 1 || heads % kv_heads != 0)
    fail_usage("kv_heads " + number(kv_heads) + " does not divide heads " + number(heads));
  if (kv_heads != heads && sharing.query_shared())
    fail_usage("variant " + std::string(sharing.id) + " shares the query's projection with " +
               (sharing.q == sharing.k ? "K" : "V") + ", so it has as many key/value heads as query heads: kv_heads " +
               number(kv_heads) + " must be " + number(heads));
}

}  // namespace qkvbench::nn
