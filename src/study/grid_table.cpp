// The table of named grids.
// To add one, add a row; presets say what a run begins with, axes what differs between runs.
#include "qkvbench/study/grid.hpp"

namespace qkvbench::study {

namespace {

using Axis = std::pair<std::string, std::vector<std::string>>;

const Axis kOrderTasks{"task", {"reverse", "sort", "sub", "swap", "copy"}};
const std::vector<std::string> kImages{"mnist", "fashion-mnist", "cifar10", "cifar100"};
const Axis kPaperVariants{"variant", {"q_k_v", "qk_v", "qk_v+", "q_kv", "qkv", "qkv+"}};
const Axis kThreeSeeds{"seed", {"0", "1", "2"}}, kOneSeed{"seed", {"0"}};

const std::vector<Axis> kTable1Sizes{
    {"d_model", {"32", "64", "256"}}, {"layers", {"2", "4"}}, {"heads", {"2", "4"}}, {"seq_len", {"16", "64", "128"}}};

/// Table 1: every task and variant of the paper at the given sizes.
GridBlock table1(std::vector<Axis> sizes, const Axis& seeds = kThreeSeeds) {
  GridBlock block{{kOrderTasks, kPaperVariants}};
  block.axes.insert(block.axes.end(), sizes.begin(), sizes.end());
  block.axes.push_back(seeds);
  return block;
}

/// Widths 32 and 64 with all depths and heads: configurations tell more than seeds of the same.
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

/// MNIST and FashionMNIST of Table 2 at its smallest size, trained as `training` says.
GridBlock table2_grey(std::vector<Axis> training) {
  training.insert(training.end(),
                  {{"patch", {"4"}}, {"lr", {"1e-3"}}, {"d_model", {"64"}}, {"layers", {"2"}}, {"heads", {"2"}}});
  return table2({"mnist", "fashion-mnist"}, training);
}

/// Table 4's ways to share on a small language model of eight heads: a quarter of them for keys and values, as the
/// paper's 4 of 16, and one.
std::vector<GridBlock> table4(const std::vector<Axis>& base) {
  const auto block = [&](std::vector<std::string> variants, std::vector<std::string> kv_heads) {
    GridBlock out{base};
    out.axes.insert(
        out.axes.end(),
        {{"heads", {"8"}}, {"variant", std::move(variants)}, {"kv_heads", std::move(kv_heads)}, kThreeSeeds});
    return out;
  };
  return {block({"q_k_v", "qk_v", "q_kv", "qkv"}, {"8"}), block({"q_k_v", "q_kv"}, {"2", "1"})};
}

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

/// q_k_v and q_kv on blocks from GPT-2's to Gemma's, and on Llama's every other way; all have the parameters of q_k_v.
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

/// Every way on Llama's block at half and at a quarter of q_k_v's cache, which stands at the head; equal parameters
/// too.
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

const Axis kFiveSeeds{"seed", {"0", "1", "2", "3", "4"}};
/// Of runs that solve their task or do not fewer decide nothing: docs/statistics.md.
const Axis kTwelveSeeds{"seed", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}};

const Axis kPartitions{"variant", {"q_k_v", "q_kv", "qk_v"}};

/// Associative recall, on the preset's lists unless `own` says otherwise.
GridBlock recall(std::vector<Axis> own, const Axis& seeds = kTwelveSeeds) {
  own.insert(own.begin(), {"preset", {"recall"}});
  own.push_back(seeds);
  return {own};
}

/// Seeds other than those by which a part of a grid was chosen, so that its claims are not tested on what was seen.
Axis fresh_seeds() {
  Axis seeds{"seed", {}};
  for (int seed = 12; seed < 36; ++seed) seeds.second.push_back(std::to_string(seed));
  return seeds;
}

/// With one head to eight; thin keys have a quarter of a head's width.
std::vector<GridBlock> recall_heads() {
  const Axis heads{"heads", {"1", "2", "4", "8"}}, rope{"positions", {"rope"}};
  std::vector<GridBlock> blocks{recall({heads, {"variant", {"q_k_v", "q_kv", "qk_v", "qvv3"}}}),
                                recall({heads, rope, {"variant", {"gta", "mla"}}})};
  for (const auto& [heads_here, width] : {std::pair{"1", "16"}, {"2", "8"}, {"4", "4"}, {"8", "2"}})
    blocks.push_back(recall({{"heads", {heads_here}}, variant("q_k_v"), {"qk_head_dim", {width}}}));
  return blocks;
}

/// What the + term's parts do where queries are keys, on the tasks of order.
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

/// Language models by context length, with the same tokens in a step at every length.
std::vector<GridBlock> lengths(index_t tokens, const std::vector<index_t>& of, const std::vector<Axis>& own) {
  std::vector<GridBlock> blocks;
  for (const index_t length : of)
    for (const char* kv_heads : {"4", "1"}) {
      GridBlock block{{{"preset", {"char"}}}};
      block.axes.insert(block.axes.end(), own.begin(), own.end());
      const bool all = kv_heads == std::string("4");
      block.axes.insert(block.axes.end(), {{"seq_len", {std::to_string(length)}},
                                           {"batch_size", {std::to_string(tokens / length)}},
                                           {"variant", all ? std::vector<std::string>{"q_k_v", "q_kv"}
                                                           : std::vector<std::string>{"q_k_v"}},
                                           {"kv_heads", {kv_heads}},
                                           kThreeSeeds});
      blocks.push_back(block);
    }
  return blocks;
}

/// Trained models to measure: lists, Shakespeare and stories. `shakespeare` and `stories` shorten their training.
std::vector<GridBlock> similarity(const std::vector<Axis>& shakespeare, const std::vector<Axis>& stories) {
  std::vector<GridBlock> blocks{{{{"task", {"reverse"}}}},
                                {{{"preset", {"char"}}, {"corpus", {"tinyshakespeare"}}}},
                                {{{"preset", {"char"}}, {"corpus", {"stories"}}}}};
  blocks[1].axes.insert(blocks[1].axes.end(), shakespeare.begin(), shakespeare.end());
  blocks[2].axes.insert(blocks[2].axes.end(), stories.begin(), stories.end());
  for (GridBlock& block : blocks) block.axes.push_back(kFiveSeeds);
  return blocks;
}

/// Models to be changed, and what they are set beside.
std::vector<GridBlock> surgery(std::vector<Axis> own) {
  own.insert(own.begin(), {"preset", {"char"}});
  own.insert(own.end(), {{"variant", {"q_k_v", "q_kv"}}, kThreeSeeds});
  return {{own}};
}

/// Training with products in bf16 beside fp32: what `of` says, with both and five seeds.
GridBlock precisions(std::vector<Axis> of) {
  of.insert(of.end(), {{"precision", {"fp32", "bf16"}}, kFiveSeeds});
  return {of};
}

const std::vector<Grid>& grids() {
  static const std::vector<Grid> rows{
      {"table1", "the paper's Table 1, whole", {table1(kTable1Sizes)}},
      {"table1-d64", "Table 1 without its largest width", {table1_narrow({"16", "64", "128"}, kThreeSeeds)}},
      {"table1-d64-once", "the same with one seed", {table1_narrow({"16", "64", "128"}, kOneSeed)}},
      {"table1-t64", "Table 1 without its largest width and length", {table1_narrow({"16", "64"}, kThreeSeeds)}},
      {"table1-t64-once", "the same with one seed", {table1_narrow({"16", "64"}, kOneSeed)}},
      {"table1-t16", "Table 1 at length 16, two widths", {table1_narrow({"16"}, kThreeSeeds)}},
      {"table1-t16-once", "the same with one seed", {table1_narrow({"16"}, kOneSeed)}},
      {"table1-small",
       "Table 1 at length 16, two widths, two layers",
       {table1({{"d_model", {"32", "64"}}, {"layers", {"2"}}, {"heads", {"2", "4"}}, {"seq_len", {"16"}}})}},
      {"table1-one",
       "Table 1 at one size: d 64, two layers, four heads, length 16",
       {table1({{"d_model", {"64"}}, {"layers", {"2"}}, {"heads", {"4"}}, {"seq_len", {"16"}}})}},
      {"table1-least",
       "Table 1 at its smallest size",
       {table1({{"d_model", {"32"}}, {"layers", {"2"}}, {"heads", {"2"}}, {"seq_len", {"16"}}})}},
      {"table2",
       "the paper's Table 2 but for TinyImageNet and frozen features",
       {table2(kImages, {{"patch", {"4", "7"}},
                         {"lr", {"1e-3", "1e-4"}},
                         {"d_model", {"64", "256", "512"}},
                         {"layers", {"2", "4"}},
                         {"heads", {"2", "4"}}})}},
      {"table2-minimal",
       "Table 2 as the authors ran it again, with three seeds",
       {table2(kImages, {{"patch", {"4"}},
                         {"lr", {"1e-3"}},
                         {"d_model", {"64", "256"}},
                         {"layers", {"2"}},
                         {"heads", {"2", "4"}}})}},
      {"table2-grey", "MNIST and FashionMNIST of Table 2 at one size", {table2_grey({})}},
      {"table2-short", "the same for 2 of the 20 epochs", {table2_grey({{"epochs", {"2"}}})}},
      {"table2-least",
       "the same for 1 epoch of 10,000 images",
       {table2_grey({{"epochs", {"1"}}, {"n_train", {"10000"}}})}},
      {"lm-nano", "Table 4's ways to share: nanoGPT's model on Shakespeare by characters",
       table4({{"preset", {"nano"}}, {"corpus", {"tinyshakespeare"}}})},
      {"lm-char", "Table 4's ways to share: a small model on Shakespeare by characters",
       table4({{"preset", {"char"}}, {"corpus", {"tinyshakespeare"}}})},
      {"lm-stories", "Table 4's ways to share: a small model on generated stories (no download)",
       table4({{"preset", {"char"}}, {"corpus", {"stories"}}})},
      {"lm-least", "the same for 300 steps of 2,000",
       table4({{"preset", {"char"}}, {"corpus", {"stories"}}, {"steps", {"300"}}})},
      {"modern-char", "K = V on modern blocks, and every way to make q, k and v, at equal parameters", modern_char()},
      {"cache-char", "every way to make q, k and v at a half and a quarter of the cache, equal parameters",
       cache_char()},
      {"recall-heads", "associative recall with 1 to 8 heads: K = V, Q = K and other ways", recall_heads()},
      {"recall-partitions",
       "the same of q_k_v, q_kv and qk_v",
       {recall({{"heads", {"1", "2", "4", "8"}}, kPartitions})}},
      {"recall-least",
       "the same with one head and four, on lists of two pairs, for half of the steps",
       {recall({{"seq_len", {"8"}},
                {"pairs", {"2"}},
                {"vocab", {"16"}},
                {"steps", {"1500"}},
                {"heads", {"1", "4"}},
                kPartitions},
               fresh_seeds())}},
      {"plus-table1", "what the + term's parts do for qk_v and qkv: Table 1's sizes on reverse, sort and swap",
       plus_controls(kTable1Sizes, kThreeSeeds)},
      {"plus-controls", "the same at one size: d 64, two layers, four heads, length 16",
       plus_controls({}, kTwelveSeeds)},
      {"plus-least", "what they do for qk_v on reverse and swap, with d 32, two heads and 3 epochs",
       plus_forms({"reverse", "swap"}, {"q_k_v", "qk_v"}, {"qk_v+"},
                  {{"d_model", {"32"}}, {"heads", {"2"}}, {"epochs", {"3"}}}, fresh_seeds())},
      {"length-paper", "sharing by context length: a small model of Shakespeare, at the paper's lengths",
       lengths(2048, {512, 1024, 2048}, {{"corpus", {"tinyshakespeare"}}})},
      {"length-char", "the same at lengths of 32 to 512",
       lengths(1024, {32, 128, 512}, {{"corpus", {"tinyshakespeare"}}})},
      {"length-stories", "the same on generated stories (no download)",
       lengths(1024, {32, 128, 512}, {{"corpus", {"stories"}}})},
      {"length-short", "the same on Shakespeare, two layers, lengths of 32 to 128, 1,000 steps",
       lengths(1024, {32, 64, 128},
               {{"corpus", {"tinyshakespeare"}}, {"layers", {"2"}}, {"lr", {"4e-3"}}, {"steps", {"1000"}}})},
      {"length-least", "the same on generated stories, with 64 channels, lengths of 16 to 64, 600 steps",
       lengths(
           1024, {16, 32, 64},
           {{"corpus", {"stories"}}, {"d_model", {"64"}}, {"layers", {"2"}}, {"lr", {"4e-3"}}, {"steps", {"600"}}})},
      {"surgery-char", "sources of surgery: q_k_v, and q_kv from scratch, on Shakespeare by characters",
       surgery({{"corpus", {"tinyshakespeare"}}})},
      {"surgery", "the same on generated stories (no download)", surgery({{"corpus", {"stories"}}})},
      {"surgery-short", "the same on Shakespeare, two layers, 1,000 steps",
       surgery({{"corpus", {"tinyshakespeare"}}, {"layers", {"2"}}, {"lr", {"4e-3"}}, {"steps", {"1000"}}})},
      {"surgery-least", "the same on generated stories, with 64 channels, for 600 steps",
       surgery(
           {{"corpus", {"stories"}}, {"d_model", {"64"}}, {"layers", {"2"}}, {"lr", {"4e-3"}}, {"steps", {"600"}}})},
      {"similarity", "models of reverse, Shakespeare and stories, whose q, k and v are compared", similarity({}, {})},
      {"similarity-least", "the same with two layers of text, trained shorter",
       similarity(
           {{"layers", {"2"}}, {"lr", {"4e-3"}}, {"batch_size", {"16"}}, {"steps", {"1000"}}},
           {{"layers", {"2"}}, {"d_model", {"64"}}, {"lr", {"4e-3"}}, {"batch_size", {"16"}}, {"steps", {"600"}}})},
      {"precision",
       "training with products in bf16 beside fp32: lists, drawn digits, small language models",
       {precisions({{"task", {"reverse", "sort"}}, {"epochs", {"10"}}}), precisions({{"preset", {"glyphs"}}}),
        precisions({{"preset", {"char"}}, {"corpus", {"tinyshakespeare", "stories"}}})}},
      {"precision-short",
       "the same, shorter: lists for 2 epochs, digits for 3, Shakespeare for 400 steps",
       {precisions({{"task", {"reverse", "sort", "swap"}}, {"epochs", {"2"}}}),
        precisions({{"preset", {"glyphs"}}, {"epochs", {"3"}}}),
        precisions({{"preset", {"char"}}, {"corpus", {"tinyshakespeare"}}, {"steps", {"400"}}})}},
      {"precision-nano",
       "bf16 beside fp32 for nanoGPT's model on Shakespeare by characters, for 500 steps of 5,000",
       {precisions({{"preset", {"nano"}}, {"corpus", {"tinyshakespeare"}}, {"steps", {"500"}}})}},
  };
  return rows;
}

}  // namespace

std::span<const Grid> all_grids() { return grids(); }

}  // namespace qkvbench::study
