#include "qkvbench/study/grid_blocks.hpp"

namespace qkvbench::study {

namespace {

const Axis kOrderTasks{"task", {"reverse", "sort", "sub", "swap", "copy"}};

const Axis kPaperVariants{"variant", {"q_k_v", "qk_v", "qk_v+", "q_kv", "qkv", "qkv+"}};

/// Ways to make q, k and v on a small model of Shakespeare, each with the width of the MLP at which it has the
/// parameters of q_k_v on the same block: `inspect --match` finds it.
GridBlock shakespeare(const char* preset, std::vector<Axis> own) {
  own.insert(own.begin(), {{"preset", {preset}}, {"corpus", {"tinyshakespeare"}}});
  own.push_back(kThreeSeeds);
  return {own};
}

GridBlock on_llama(std::vector<Axis> own) { return shakespeare("llama-char", std::move(own)); }

Axis variant(const char* id) { return {"variant", {id}}; }

Axis d_ff(const char* width) { return {"d_ff", {width}}; }

Axis kv_heads(const char* number) { return {"kv_heads", {number}}; }

/// The preset char as `own` and `sizes` change it: q_k_v and q_kv with its four key/value heads, and q_k_v with fewer.
void add_small_models(std::vector<GridBlock>& blocks, const std::vector<Axis>& own, const std::vector<Axis>& sizes,
                      const char* fewer, const Axis& seeds) {
  GridBlock block{{{"preset", {"char"}}}};
  block.axes.insert(block.axes.end(), own.begin(), own.end());
  block.axes.insert(block.axes.end(), sizes.begin(), sizes.end());
  for (const auto& [variants, number] :
       {std::pair{Axis{"variant", {"q_k_v", "q_kv"}}, "4"}, {variant("q_k_v"), fewer}}) {
    blocks.push_back(block);
    blocks.back().axes.insert(blocks.back().axes.end(), {variants, kv_heads(number), seeds});
  }
}

}  // namespace

GridBlock table1(std::vector<Axis> sizes, const Axis& seeds) {
  GridBlock block{{kOrderTasks, kPaperVariants}};
  block.axes.insert(block.axes.end(), sizes.begin(), sizes.end());
  block.axes.push_back(seeds);
  return block;
}

GridBlock table1_narrow(std::vector<std::string> lengths, const Axis& seeds) {
  return table1({{"d_model", {"32", "64"}}, {"layers", {"2", "4"}}, {"heads", {"2", "4"}}, {"seq_len", lengths}},
                seeds);
}

GridBlock table2(std::vector<std::string> tasks, const std::vector<Axis>& sizes) {
  GridBlock block{{{"task", std::move(tasks)}, kPaperVariants}};
  block.axes.insert(block.axes.end(), sizes.begin(), sizes.end());
  block.axes.push_back(kThreeSeeds);
  return block;
}

GridBlock table2_grey(std::vector<Axis> training) {
  training.insert(training.end(),
                  {{"patch", {"4"}}, {"lr", {"1e-3"}}, {"d_model", {"64"}}, {"layers", {"2"}}, {"heads", {"2"}}});
  return table2({"mnist", "fashion-mnist"}, training);
}

std::vector<GridBlock> table4(const std::vector<Axis>& base, const Axis& seeds) {
  const auto block = [&](std::vector<std::string> variants, std::vector<std::string> kv_heads) {
    GridBlock out{base};
    out.axes.insert(out.axes.end(),
                    {{"heads", {"8"}}, {"variant", std::move(variants)}, {"kv_heads", std::move(kv_heads)}, seeds});
    return out;
  };
  return {block({"q_k_v", "qk_v", "q_kv", "qkv"}, {"8"}), block({"q_k_v", "q_kv"}, {"2", "1"})};
}

std::vector<GridBlock> table4_on_llama(std::vector<Axis> base, const Axis& seeds) {
  base.insert(base.begin(), {"preset", {"llama-char"}});
  std::vector<GridBlock> blocks = table4(base, seeds);
  base.insert(base.end(), {{"heads", {"8"}}, variant("q_kv"), {"rope_value", {"relative"}}, seeds});
  blocks.push_back({base});
  return blocks;
}

std::vector<GridBlock> modern_char() {
  const Axis rope{"positions", {"rope"}}, both_values{"rope_value", {"unrotated", "relative"}};
  const Axis qk_norm{"qk_norm", {"true"}};
  return {shakespeare("char", {variant("q_k_v")}),
          shakespeare("char", {variant("q_kv"), d_ff("576")}),
          shakespeare("char", {rope, variant("q_k_v")}),
          shakespeare("char", {rope, variant("q_kv"), both_values, d_ff("576")}),
          on_llama({{"variant", {"q_k_v", "qvv3"}}}),
          on_llama({variant("q_kv"), both_values, d_ff("387")}),
          on_llama({variant("gta"), d_ff("381")}),
          on_llama({variant("mla"), d_ff("274")}),
          on_llama({variant("gla"), d_ff("317")}),
          on_llama({variant("q_k_v"), {"qk_head_dim", {"16"}}, d_ff("387")}),
          on_llama({variant("q_kv"), {"projection_gains", {"true"}}, d_ff("386")}),
          on_llama({variant("q_k_v"), kv_heads("2"), d_ff("387")}),
          on_llama({variant("q_k_v"), kv_heads("1"), d_ff("408")}),
          on_llama({qk_norm, variant("q_k_v")}),
          on_llama({qk_norm, variant("q_kv"), d_ff("387")}),
          shakespeare("gemma-char", {kv_heads("4"), variant("q_k_v")}),
          shakespeare("gemma-char", {kv_heads("4"), variant("q_kv"), d_ff("387")})};
}

std::vector<GridBlock> cache_char() {
  return {on_llama({variant("q_k_v")}),
          // 128 numbers a token and layer; gta 126
          on_llama({variant("q_k_v"), kv_heads("2"), d_ff("387")}),
          on_llama({variant("q_k_v"), {"qk_head_dim", {"8"}}, {"v_head_dim", {"24"}}, d_ff("429")}),
          on_llama({variant("q_kv"), d_ff("387")}), on_llama({variant("qvv3")}),
          on_llama({variant("gta"), {"qk_head_dim", {"28"}}, {"v_head_dim", {"28"}}, d_ff("398")}),
          on_llama({variant("mla"), {"kv_rank", {"112"}}, d_ff("290")}),
          on_llama({variant("gla"), {"kv_rank", {"56"}}, d_ff("328")}),
          // 64 numbers; gta 66
          on_llama({variant("q_k_v"), kv_heads("1"), d_ff("408")}),
          on_llama({variant("q_kv"), kv_heads("2"), d_ff("408")}),
          on_llama({variant("qvv3"), kv_heads("2"), d_ff("365")}),
          on_llama({variant("gta"), kv_heads("1"), {"qk_head_dim", {"44"}}, {"v_head_dim", {"44"}}, d_ff("375")}),
          on_llama({variant("mla"), {"kv_rank", {"48"}}, d_ff("355")}),
          on_llama({variant("gla"), {"kv_rank", {"24"}}, d_ff("371")})};
}

GridBlock recall(std::vector<Axis> own, const Axis& seeds) {
  own.insert(own.begin(), {"preset", {"recall"}});
  own.push_back(seeds);
  return {own};
}

Axis fresh_seeds() {
  Axis seeds{"seed", {}};
  for (int seed = 12; seed < 36; ++seed) seeds.second.push_back(std::to_string(seed));
  return seeds;
}

std::vector<GridBlock> recall_heads() {
  const Axis heads{"heads", {"1", "2", "4", "8"}}, rope{"positions", {"rope"}};
  std::vector<GridBlock> blocks{recall({heads, {"variant", {"q_k_v", "q_kv", "qk_v", "qvv3"}}}),
                                recall({heads, rope, {"variant", {"gta", "mla"}}})};
  for (const auto& [heads_here, width] : {std::pair{"1", "16"}, {"2", "8"}, {"4", "4"}, {"8", "2"}})
    blocks.push_back(recall({{"heads", {heads_here}}, variant("q_k_v"), {"qk_head_dim", {width}}}));
  return blocks;
}

std::vector<GridBlock> plus_forms(const std::vector<std::string>& tasks, const std::vector<std::string>& plain,
                                  const std::vector<std::string>& with_term, const std::vector<Axis>& sizes,
                                  const Axis& seeds) {
  std::vector<GridBlock> blocks{
      {{{"task", tasks}, {"variant", plain}}},
      {{{"task", tasks}, {"variant", with_term}, {"plus", {"2d", "column", "temperature", "relative"}}}}};
  for (GridBlock& block : blocks) {
    block.axes.insert(block.axes.end(), sizes.begin(), sizes.end());
    block.axes.push_back(seeds);
  }
  return blocks;
}

std::vector<GridBlock> plus_controls(const std::vector<Axis>& sizes, const Axis& seeds) {
  return plus_forms({"reverse", "sort", "swap"}, {"q_k_v", "qk_v", "qkv"}, {"qk_v+", "qkv+"}, sizes, seeds);
}

std::vector<GridBlock> lengths(index_t tokens, const std::vector<index_t>& of, const std::vector<Axis>& own) {
  std::vector<GridBlock> blocks;
  for (const index_t length : of)
    add_small_models(blocks, own,
                     {{"seq_len", {std::to_string(length)}}, {"batch_size", {std::to_string(tokens / length)}}}, "1",
                     kThreeSeeds);
  return blocks;
}

std::vector<GridBlock> sizes(const std::vector<Width>& widths, index_t tokens_a_weight, const std::vector<Axis>& own) {
  constexpr index_t kLayers = 4, kRows = 8, kLength = 64;  // but for the rows, the preset's
  std::vector<GridBlock> blocks;
  for (const auto& [d, lr] : widths) {
    const index_t steps = tokens_a_weight * 12 * kLayers * d * d / (kRows * kLength);
    add_small_models(blocks, own,
                     {{"d_model", {std::to_string(d)}},
                      {"steps", {std::to_string(steps)}},
                      {"batch_size", {std::to_string(kRows)}},
                      {"lr", {lr}}},
                     "2", kFiveSeeds);
  }
  return blocks;
}

std::vector<GridBlock> padded_stories(const char* steps, const Axis& seeds) {
  std::vector<GridBlock> blocks;
  add_small_models(blocks, {{"corpus", {"stories"}}, {"pad_documents", {"true"}}},
                   {{"seq_len", {"128"}}, {"layers", {"2"}}, {"lr", {"4e-3"}}, {"steps", {steps}}}, "1", seeds);
  return blocks;
}

std::vector<GridBlock> similarity(const std::vector<Axis>& shakespeare, const std::vector<Axis>& stories) {
  std::vector<GridBlock> blocks{{{{"task", {"reverse"}}}},
                                {{{"preset", {"char"}}, {"corpus", {"tinyshakespeare"}}}},
                                {{{"preset", {"char"}}, {"corpus", {"stories"}}}}};
  blocks[1].axes.insert(blocks[1].axes.end(), shakespeare.begin(), shakespeare.end());
  blocks[2].axes.insert(blocks[2].axes.end(), stories.begin(), stories.end());
  for (GridBlock& block : blocks) block.axes.push_back(kFiveSeeds);
  return blocks;
}

std::vector<GridBlock> surgery(std::vector<Axis> own) {
  own.insert(own.begin(), {"preset", {"char"}});
  own.insert(own.end(), {{"variant", {"q_k_v", "q_kv"}}, kThreeSeeds});
  return {{own}};
}

GridBlock precisions(std::vector<Axis> of) {
  of.insert(of.end(), {{"precision", {"fp32", "bf16"}}, kFiveSeeds});
  return {of};
}

}  // namespace qkvbench::study
