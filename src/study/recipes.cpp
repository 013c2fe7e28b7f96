// The paper's tables and claims.
// Source of every number: the paper's Tables 1, 2 and 4.
#include "qkvbench/study/recipes.hpp"

#include <array>

#include "qkvbench/base/text.hpp"

namespace qkvbench::study {

namespace {

using Numbers = std::vector<double>;

/// A variant's row of the paper.
struct Row {
  const char* variant;
  Numbers paper;
};

std::vector<PaperCell> cells_of(const std::vector<std::string>& tasks, const std::vector<Row>& rows) {
  std::vector<PaperCell> cells;
  for (std::size_t t = 0; t < tasks.size(); ++t)
    for (const Row& row : rows) cells.push_back({tasks[t], {row.variant}, row.paper[t]});
  return cells;
}

const std::vector<std::string> kAllOrder{"reverse", "sort", "sub", "swap", "copy"}, kOrdered{"reverse", "sort", "swap"},
    kImages{"mnist", "fashion-mnist", "cifar10", "cifar100"};

std::vector<PaperCell> table1_cells() {
  return cells_of(kAllOrder, {{"q_k_v", {.698, .971, 1, .588, 1}},
                              {"qk_v", {.705, .967, 1, .597, 1}},
                              {"qk_v+", {.718, .963, 1, .671, 1}},
                              {"q_kv", {.701, .958, 1, .590, 1}},
                              {"qkv", {.514, .939, 1, .446, 1}},
                              {"qkv+", {.581, .957, 1, .576, 1}}});
}

std::vector<PaperCell> table2_cells() {
  return cells_of(kImages, {{"q_k_v", {.981, .887, .663, .363}},
                            {"qk_v", {.981, .885, .666, .369}},
                            {"qk_v+", {.982, .884, .662, .366}},
                            {"q_kv", {.976, .883, .659, .358}},
                            {"qkv", {.978, .877, .672, .376}},
                            {"qkv+", {.977, .875, .669, .364}}});
}

/// Perplexities of the 300 M models; a quarter of the heads (4 of 16) stands as 2 of 8.
std::vector<PaperCell> table4_cells() {
  return {{"lm", {"q_k_v"}, 5.11},    {"lm", {"q_kv"}, 5.27},     {"lm", {"qk_v"}, 5.36},    {"lm", {"qkv"}, 6.41},
          {"lm", {"q_k_v", 2}, 5.15}, {"lm", {"q_k_v", 1}, 5.19}, {"lm", {"q_kv", 2}, 5.32}, {"lm", {"q_kv", 1}, 5.36}};
}

/// An arm loses at most a few per cent against q_k_v.
Claim few_per_cent_at_most(const char* id, const char* text, const Arm& arm, const std::vector<std::string>& tasks) {
  return {id, text, ClaimKind::kLosesAtMost, arm, {"q_k_v"}, tasks, kFewPercent};
}

std::vector<Claim> table4_claims() {
  using enum ClaimKind;
  return {
      few_per_cent_at_most("q_kv-close", "sharing K and V costs a few per cent of perplexity at most", {"q_kv"},
                           {"lm"}),
      few_per_cent_at_most("gqa-close", "a quarter of the key/value heads costs a few per cent at most", {"q_k_v", 2},
                           {"lm"}),
      few_per_cent_at_most("mqa-close", "one key/value head costs a few per cent at most", {"q_k_v", 1}, {"lm"}),
      {"mqa-cheaper", "one key/value head costs less than sharing K and V", kBetter, {"q_k_v", 1}, {"q_kv"}, {"lm"}},
      {"q_kv-better-than-qk_v", "sharing K and V costs less than sharing Q and K", kBetter, {"q_kv"}, {"qk_v"}, {"lm"}},
      {"qkv-worst", "one projection for all costs most", kWorst, {"qkv"}, {}, {"lm"}}};
}

/// Table 4 once more on the block of today's models, and what there is to choose of values under RoPE.
PaperTable modern_recipe() {
  const Arm k_is_v{"q_kv"}, turned{"q_kv", 0, {{"rope_value", "relative"}}};
  PaperTable table{"modern",
                   "Modern block: Table 4's ways to share with RoPE, RMSNorm and SwiGLU, perplexity against q_k_v",
                   {"lm-llama", "lm-llama-stories", "lm-llama-least"},
                   table4_cells(),
                   table4_claims(),
                   "The paper has GPT-2's block only; its per cents stand beside all the same. With rope_value "
                   "relative, values turn as the keys that they are, and what attention gives is turned back."};
  table.claims.push_back({"relative-cheaper",
                          "K = V costs less when values turn as their keys do",
                          ClaimKind::kBetter,
                          turned,
                          k_is_v,
                          {"lm"}});
  return table;
}

const std::vector<PaperTable>& recipes() {
  using enum ClaimKind;
  static const std::vector<PaperTable> rows{
      {"table1",
       "Table 1: synthetic tasks, token accuracy",
       {"table1", "table1-d64", "table1-d64-once", "table1-t64", "table1-t64-once", "table1-t16", "table1-t16-once",
        "table1-one", "table1-least"},
       table1_cells(),
       {few_per_cent_at_most("q_kv-close", "sharing K and V costs a few per cent at most", {"q_kv"}, kAllOrder),
        few_per_cent_at_most("qk_v-close", "sharing Q and K costs a few per cent at most", {"qk_v"}, kAllOrder),
        {"qkv-worst", "one projection for all is the worst on the ordered tasks", kWorst, {"qkv"}, {}, kOrdered},
        {"qk_v-plus", "the + term helps where Q and K are one", kBetter, {"qk_v+"}, {"qk_v"}, kOrdered},
        {"qkv-plus", "the + term helps where all three are one", kBetter, {"qkv+"}, {"qkv"}, kOrdered},
        {"easy-solved", "every variant solves SUB and COPY", kAllSolve, {}, {}, {"sub", "copy"}}},
       ""},
      {"table2",
       "Table 2: images, top-1 accuracy",
       {"table2", "table2-minimal", "table2-grey", "table2-short", "table2-least"},
       table2_cells(),
       {few_per_cent_at_most("q_kv-close", "sharing K and V costs a few per cent at most", {"q_kv"}, kImages),
        few_per_cent_at_most("qk_v-close", "sharing Q and K costs a few per cent at most", {"qk_v"}, kImages),
        few_per_cent_at_most("qkv-close", "on images even one projection for all costs a few per cent at most", {"qkv"},
                             kImages)},
       "The paper's cells are single runs or two; here every cell has three seeds."},
      {"table4",
       "Table 4: language models, perplexity against q_k_v",
       {"lm-nano", "lm-char", "lm-stories", "lm-least"},
       table4_cells(),
       table4_claims(),
       "The paper trains 300 million parameters on 10 billion tokens, which no budget here reaches: perplexities "
       "cannot be "
       "compared, differences from q_k_v can. 4 kv heads of the paper's 16 stand beside 2 of 8."},
      recall_recipe(),
      plus_recipe(table1_cells()),
      modern_recipe(),
      table16_recipe(),
      scaling_recipe(),
      padding_recipe(),
      similarity_recipe(table1_cells()),
      surgery_recipe(),
  };
  return rows;
}

}  // namespace

bool is_whole(const PaperTable& recipe, const std::string& grid) {
  return grid.empty() || grid == recipe.levels.front();
}

bool shows_paper(const PaperTable& recipe, const std::string& grid) {
  return recipe.single_size || is_whole(recipe, grid);
}

std::span<const PaperTable> all_recipes() { return recipes(); }

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const PaperTable& recipe : recipes()) names.push_back(recipe.id);
  names.emplace_back("accounting");
  return names;
}

const PaperTable& find_recipe(const std::string& id) {
  return find_row("table", id, recipes(), &PaperTable::id, {"accounting"});
}

}  // namespace qkvbench::study
