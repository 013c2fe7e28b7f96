// Names of variants, the table of partitions, and what head sharing allows.
// Spellings are those of the design's first section and of the paper.
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/block_spec.hpp"
#include "qkvbench/nn/variant.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

using nn::parse_variant;

TEST_CASE("every id reads as itself", "[nn]") {
  CHECK(nn::all_kinds().size() == 9);
  for (const nn::AttentionKind& kind : nn::all_kinds())
    for (const std::string plus : {"", "+"}) {
      const std::string id = std::string(kind.id) + plus;
      const nn::Variant variant = parse_variant(id);
      CHECK(variant.kind == &kind);
      CHECK(variant.plus == !plus.empty());
      CHECK(variant.id() == id);
    }
}

TEST_CASE("the paper's spellings are read", "[nn]") {
  const std::pair<const char*, const char*> spellings[] = {
      {"Q-K-V", "q_k_v"},         {"Q,K,V", "q_k_v"},      {"Q!=K!=V", "q_k_v"},  {"Q≠K≠V", "q_k_v"},
      {"Q=K-V", "qk_v"},          {"Q=K!=V", "qk_v"},      {"Q=K≠V", "qk_v"},     {"QK-V", "qk_v"},
      {"Q-K=V", "q_kv"},          {"Q!=K=V", "q_kv"},      {"Q≠K=V", "q_kv"},     {"K=V-Q", "q_kv"},
      {"Q=V-K", "qv_k"},          {"K-Q=V", "qv_k"},       {"V=Q≠K", "qv_k"},     {"Q=K=V", "qkv"},
      {"K=Q=V", "qkv"},           {"q=k=v", "qkv"},        {"qkv", "qkv"},        {"kq_v", "qk_v"},
      {"v_k_q", "q_k_v"},         {" Q = K - V ", "qk_v"}, {"(Q=K-V)", "qk_v"},   {"(Q=K-V)+", "qk_v+"},
      {"Q=K-V+", "qk_v+"},        {"(Q=K=V)+", "qkv+"},    {"(Q≠K=V)+", "q_kv+"}, {"(Q=K≠V)+", "qk_v+"},
      {"( Q = K = V ) +", "qkv+"}};
  for (const auto& [spelling, id] : spellings) {
    INFO(spelling);
    CHECK(parse_variant(spelling).id() == id);
  }
}

TEST_CASE("a paper name reads as its own variant", "[nn]") {
  for (const nn::AttentionKind& kind : nn::all_kinds())
    for (const bool plus : {false, true}) {
      const nn::Variant variant{&kind, plus};
      const std::string name = variant.paper_name();
      if (name.empty() || kind.paper_name == "QKV") continue;
      INFO(name);
      CHECK(parse_variant(name).id() == variant.id());
    }
}

TEST_CASE("a bare QKV is refused with both of its meanings", "[nn]") {
  for (const std::string text : {"QKV", "QKV+", "(QKV)+", " QKV "})
    check_error(Exit::kUsage, {"'q_k_v' (three)", "'qkv' (one)"}, [&] { parse_variant(text); });
}

TEST_CASE("what is no partition is refused with the nearest id", "[nn]") {
  for (const std::string text : {"", "q", "qk", "q_k", "q_k_v_k", "qq_k_v", "q__k_v", "_qk_v", "qk_v_", "qk_v++",
                                 "qx_v", "+", "qk_v=+x", "q;k;v", "\xff\xfe"})
    check_error(Exit::kUsage, {"unknown variant", "Known: ", "q_k_v", "qkv+"}, [&] { parse_variant(text); });
  check_error(Exit::kUsage, {"unknown variant 'q__k_v': did you mean 'q_k_v'?"}, [] { parse_variant("q__k_v"); });
  check_error(Exit::kUsage, {"unknown variant 'qk_w': did you mean 'qk_v'?"}, [] { parse_variant("qk_w"); });
}

TEST_CASE("paper names and equations", "[nn]") {
  CHECK(parse_variant("q_k_v").paper_name() == "QKV");
  CHECK(parse_variant("qk_v").paper_name() == "Q=K≠V");
  CHECK(parse_variant("qk_v+").paper_name() == "(Q=K≠V)+");
  CHECK(parse_variant("qv_k").paper_name().empty());
  CHECK(parse_variant("qv_k+").paper_name().empty());
  CHECK(parse_variant("q_k_v").equation() == "softmax(α Q Kᵀ) V");
  CHECK(parse_variant("qk_v").equation() == "softmax(α K Kᵀ) V");
  CHECK(parse_variant("q_kv").equation() == "softmax(α Q Kᵀ) K");
  CHECK(parse_variant("qv_k").equation() == "softmax(α Q Kᵀ) Q");
  CHECK(parse_variant("qkv").equation() == "softmax(α K Kᵀ) K");
  CHECK(parse_variant("qkv+").equation() == "softmax(α K Kᵀ·Σw + P·w + b) K");
}

TEST_CASE("the table of partitions agrees with its ids", "[nn]") {
  const int projections[] = {3, 2, 2, 2, 1}, cached[] = {2, 2, 1, 2, 1};
  const bool query_shared[] = {false, true, false, true, true};
  for (std::size_t i = 0; i < 5; ++i) {
    const nn::AttentionKind& kind = nn::all_kinds()[i];
    const nn::Sharing& s = kind.sharing;
    INFO(kind.id);
    CHECK(kind.is_partition());
    CHECK(kind.projections == projections[i]);
    CHECK(s.projection_count() == projections[i]);
    CHECK(kind.cached_tensors == cached[i]);
    CHECK(s.query_shared() == query_shared[i]);
    std::string id;
    for (const std::string_view letters : s.projections)
      id += (id.empty() || letters.empty() ? "" : "_") + std::string(letters);
    CHECK(id == kind.id);
    // Each letter's projection is the one whose letters name it.
    CHECK(s.projections[static_cast<std::size_t>(s.q)].find('q') != std::string_view::npos);
    CHECK(s.projections[static_cast<std::size_t>(s.k)].find('k') != std::string_view::npos);
    CHECK(s.projections[static_cast<std::size_t>(s.v)].find('v') != std::string_view::npos);
  }
}

TEST_CASE("check_heads accepts what fits and says why it refuses", "[nn]") {
  const auto check = [](const char* id, index_t d_model, index_t heads, index_t kv_heads) {
    nn::BlockSpec spec;
    spec.variant = parse_variant(id);
    spec.d_model = d_model, spec.heads = heads, spec.kv_heads = kv_heads;
    nn::check_heads(spec);
  };
  for (const char* id : {"q_k_v", "qk_v", "q_kv", "qv_k", "qkv"}) check(id, 64, 4, 4);
  for (const char* id : {"q_k_v", "q_kv"})
    for (const index_t kv_heads : {1, 2, 4}) check(id, 64, 4, kv_heads);
  check_error(Exit::kUsage, {"heads 5", "d_model 64"}, [&] { check("q_k_v", 64, 5, 5); });
  check_error(Exit::kUsage, {"heads 0", "d_model 64"}, [&] { check("q_k_v", 64, 0, 0); });
  check_error(Exit::kUsage, {"d_model 0"}, [&] { check("q_k_v", 0, 4, 4); });
  for (const index_t kv_heads : {3, 0, -1, 8})
    check_error(Exit::kUsage, {"kv_heads " + std::to_string(kv_heads), "heads 4"},
                [&] { check("q_k_v", 64, 4, kv_heads); });
  check_error(Exit::kUsage, {"variant qk_v", "with K", "kv_heads 2 must be 4"}, [&] { check("qk_v", 64, 4, 2); });
  check_error(Exit::kUsage, {"variant qv_k", "with V", "kv_heads 1 must be 4"}, [&] { check("qv_k", 64, 4, 1); });
  check_error(Exit::kUsage, {"variant qkv", "kv_heads 2 must be 4"}, [&] { check("qkv", 64, 4, 2); });
}

}  // namespace qkvbench::testing
