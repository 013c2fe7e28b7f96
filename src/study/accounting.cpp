// The accounting's numbers, as rows.
// Ours come from the declared models of the presets, see nn/accounting.
#include "qkvbench/study/accounting.hpp"

#include <array>

#include "qkvbench/run/costs.hpp"

namespace qkvbench::study {

namespace {

constexpr std::array<index_t, 4> kLengths{128, 512, 1024, 2048};

struct PaperCounts {
  const char* variant;
  index_t parameters, attention;
  std::array<index_t, kLengths.size()> macs;
};
constexpr index_t kTwoProjections[]{36792434688, 155222802432, 331920441344, 749740228608};
constexpr std::array<PaperCounts, 4> kCounts300m{{
    {"q_k_v", kPaperParameters, 83968000, {39476789248, 165960220672, 353395277824, 792689901568}},
    {"qk_v", 284542976, 62976000, {kTwoProjections[0], kTwoProjections[1], kTwoProjections[2], kTwoProjections[3]}},
    {"q_kv", 284542976, 62976000, {kTwoProjections[0], kTwoProjections[1], kTwoProjections[2], kTwoProjections[3]}},
    {"qkv", 263550976, 41984000, {34108080128, 144485384192, 310445604864, 706790555648}},
}};

/// Bytes a token in bf16.
struct PaperCache {
  const char* variant;
  index_t kv_heads, bytes;
};
constexpr std::array<PaperCache, 8> kCache300m{{{"q_k_v", 16, 80 << 10},
                                                {"qk_v", 16, 80 << 10},
                                                {"q_kv", 16, 40 << 10},
                                                {"qkv", 16, 40 << 10},
                                                {"q_k_v", 4, 20 << 10},
                                                {"q_k_v", 1, 5 << 10},
                                                {"q_kv", 4, 10 << 10},
                                                {"q_kv", 1, 5 << 9}}};

run::Costs costs_of(const char* variant, index_t kv_heads) {
  run::Config config;
  run::apply_preset(config, run::find_preset("300m"));
  config.model.variant = nn::parse_variant(variant);
  config.model.kv_heads = kv_heads;
  run::resolve(config);
  return run::count_costs(config, {kLengths.begin(), kLengths.end()}, 0);
}

}  // namespace

std::vector<AccountingRow> accounting_rows() {
  std::vector<AccountingRow> rows;
  for (const PaperCounts& paper : kCounts300m) {
    const run::Costs costs = costs_of(paper.variant, 0);
    const index_t heads = costs.config.model.kv_heads;
    rows.push_back({paper.variant, heads, "parameters", costs.cost.params_total, paper.parameters});
    rows.push_back({paper.variant, heads, "parameters in attention", costs.cost.params_attention, paper.attention});
    for (std::size_t i = 0; i < kLengths.size(); ++i)
      rows.push_back({paper.variant, heads, "multiply-adds at T " + std::to_string(kLengths[i]), costs.macs[i].second,
                      paper.macs[i]});
  }
  constexpr index_t kBf16 = 2;
  for (const PaperCache& paper : kCache300m) {
    const run::Costs costs = costs_of(paper.variant, paper.kv_heads);
    rows.push_back({paper.variant, paper.kv_heads, "cache bytes a token, bf16",
                    costs.cost.cache_elements_per_token * kBf16, paper.bytes});
  }
  return rows;
}

}  // namespace qkvbench::study
