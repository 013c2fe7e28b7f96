// What named grids are made of: blocks that several rows of the table share.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/study/grid.hpp"

namespace qkvbench::study {

using Axis = std::pair<std::string, std::vector<std::string>>;

inline const Axis kOneSeed{"seed", {"0"}}, kThreeSeeds{"seed", {"0", "1", "2"}},
    kFiveSeeds{"seed", {"0", "1", "2", "3", "4"}};
/// Of runs that solve their task or do not fewer decide nothing: docs/statistics.md.
inline const Axis kTwelveSeeds{"seed", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}};

inline const std::vector<Axis> kTable1Sizes{
    {"d_model", {"32", "64", "256"}}, {"layers", {"2", "4"}}, {"heads", {"2", "4"}}, {"seq_len", {"16", "64", "128"}}};
inline const std::vector<std::string> kImages{"mnist", "fashion-mnist", "cifar10", "cifar100"};
inline const Axis kPartitions{"variant", {"q_k_v", "q_kv", "qk_v"}};

/// Table 1: every task and variant of the paper at the given sizes.
GridBlock table1(std::vector<Axis> sizes, const Axis& seeds = kThreeSeeds);

/// Widths 32 and 64 with all depths and heads: configurations tell more than seeds of the same.
GridBlock table1_narrow(std::vector<std::string> lengths, const Axis& seeds);

GridBlock table2(std::vector<std::string> tasks, const std::vector<Axis>& sizes);

/// MNIST and FashionMNIST of Table 2 at its smallest size, trained as `training` says.
GridBlock table2_grey(std::vector<Axis> training);

/// Table 4's ways to share on a small language model of eight heads: a quarter of them for keys and values, as the
/// paper's 4 of 16, and one.
std::vector<GridBlock> table4(const std::vector<Axis>& base, const Axis& seeds);

/// The same on Llama's block, and q_kv once more with values that turn as its keys do.
std::vector<GridBlock> table4_on_llama(std::vector<Axis> base, const Axis& seeds);

/// q_k_v and q_kv on blocks from GPT-2's to Gemma's, and on Llama's every other way; all have the parameters of q_k_v.
std::vector<GridBlock> modern_char();

/// Every way on Llama's block at half and at a quarter of q_k_v's cache, which stands at the head; equal parameters
/// too.
std::vector<GridBlock> cache_char();

/// Associative recall, on the preset's lists unless `own` says otherwise.
GridBlock recall(std::vector<Axis> own, const Axis& seeds = kTwelveSeeds);

/// Seeds other than those by which a part of a grid was chosen, so that its claims are not tested on what was seen.
Axis fresh_seeds();

/// With one head to eight; thin keys have a quarter of a head's width.
std::vector<GridBlock> recall_heads();

/// What the + term's parts do where queries are keys, on the tasks of order.
std::vector<GridBlock> plus_forms(const std::vector<std::string>& tasks, const std::vector<std::string>& plain,
                                  const std::vector<std::string>& with_term, const std::vector<Axis>& sizes,
                                  const Axis& seeds);

std::vector<GridBlock> plus_controls(const std::vector<Axis>& sizes, const Axis& seeds);

/// Language models by context length, with the same tokens in a step at every length.
std::vector<GridBlock> lengths(index_t tokens, const std::vector<index_t>& of, const std::vector<Axis>& own);

/// A width, and the learning rate for it.
struct Width {
  index_t d_model;
  const char* lr;
};
/// The rate falls as the width grows: the preset's at 128, at 32 the best of 4e-3, 8e-3 and 1.6e-2.
inline const std::vector<Width> kWidths{{32, "8e-3"}, {48, "5.3e-3"}, {64, "4e-3"}, {96, "2.7e-3"}, {128, "2e-3"}},
    kLeastWidths{{16, "1.6e-2"}, {24, "1.1e-2"}, {32, "8e-3"}};

/// Language models by width, each on so many tokens for each weight of its blocks (12 · layers · d²): q_k_v, and the
/// two ways to halve its cache.
std::vector<GridBlock> sizes(const std::vector<Width>& widths, index_t tokens_a_weight, const std::vector<Axis>& own);

/// Stories, each in a row of its own with padding behind it: q_k_v, q_kv, and one key/value head.
std::vector<GridBlock> padded_stories(const char* steps, const Axis& seeds);

/// Trained models to measure: lists, Shakespeare and stories. `shakespeare` and `stories` shorten their training.
std::vector<GridBlock> similarity(const std::vector<Axis>& shakespeare, const std::vector<Axis>& stories);

/// Models to be changed, and what they are set beside.
std::vector<GridBlock> surgery(std::vector<Axis> own);

/// Training with products in bf16 beside fp32: what `of` says, with both and five seeds.
GridBlock precisions(std::vector<Axis> of);

}  // namespace qkvbench::study
