// To add a question, add a row; its claims in the order in which they answer it.
// Source of the doubts: what the paper and its released code leave undefined or out.
#include "qkvbench/study/questions.hpp"

namespace qkvbench::study {

std::span<const Question> paper_questions() {
  static const std::vector<Question> rows{
      {"What does sharing K and V cost?",
       {{"table1", "q_kv-close"}, {"table2", "q_kv-close"}, {"table4", "q_kv-close"}}},
      {"What does sharing Q and K cost?",
       {{"table1", "qk_v-close"}, {"table2", "qk_v-close"}, {"table4", "q_kv-better-than-qk_v"}}},
      {"And one projection for all three?",
       {{"table1", "qkv-worst"}, {"table2", "qkv-close"}, {"table4", "qkv-worst"}}},
      {"Are tasks of single positions solved by all?", {{"table1", "easy-solved"}}},
      {"Does the + term help, and which part of it?",
       {{"table1", "qk_v-plus"},
        {"table1", "qkv-plus"},
        {"plus", "term-helps"},
        {"plus", "column-helps"},
        {"plus", "temperature-helps"}}},
      {"Should one share K and V, or key/value heads?",
       {{"scaling", "gqa-cheaper"}, {"table4", "mqa-cheaper"}, {"table4", "gqa-close"}, {"table4", "mqa-close"}}},
      {"Is it so on the block of today's models?",
       {{"modern", "q_kv-close"},
        {"modern", "relative-cheaper"},
        {"modern", "q_kv-better-than-qk_v"},
        {"modern", "qkv-worst"},
        {"modern", "mqa-cheaper"}}},
      {"Does the cost fall with the context's length?",
       {{"table16", "q_kv-catches-up"}, {"table16", "mqa-catches-up"}}},
      {"Does it fall with the model's size, and what would it be at the paper's?",
       {{"scaling", "q_kv-falls"}, {"scaling", "gqa-falls"}, {"scaling", "q_kv-at-300m"}, {"scaling", "gqa-at-300m"}}},
      {"Can a model with K = V recall, or one with Q = K?",
       {{"recall", "four-heads-lose"},
        {"recall", "one-head-recalls"},
        {"recall", "one-head-suffices"},
        {"recall", "qk_v-fails"}}}};
  return rows;
}

std::span<const Question> paper_doubts() {
  static const std::vector<Question> rows{
      {"Documents were padded, and the padding was scored: how much of the penalty does it hide?",
       {{"padding", "hides"}}},
      {"What do \"cos(K, V) = .73\" and \"effective rank 687\" say, without a definition and an untrained model beside "
       "them?",
       {},
       "Not of results but of models, which are not recorded: `qkvbench reproduce similarity` defines each number and "
       "sets it beside step 0 and random weights."},
      {"The + term is r(i) + c(j), of which softmax cancels r(i): does a bias by i − j, which breaks the symmetry, do "
       "more?",
       {{"plus", "relative-helps"}, {"plus", "asymmetry-helps"}}},
      {"Is \"symmetric attention\" symmetric?",
       {},
       "The scores are, the row softmax of K Kᵀ is not: `qkvbench attention RUN` prints both asymmetries of a model."},
      {"Are the differences larger than those of seeds?",
       {},
       "Every number here has an interval over seeds or configurations, and no verdict is given without one."},
      {"Do the identities hold that sharing implies?",
       {},
       "Exactly, and tests say so: a head with K = V gives a point in the convex hull of its keys; a shared projection "
       "has the sum of the gradients of tied ones."}};
  return rows;
}

}  // namespace qkvbench::study
