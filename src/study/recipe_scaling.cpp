// What the two ways to halve the cache cost by the size of the model: K = V, and half the key/value heads.
// Source of the numbers at 300 million parameters: the paper's Table 4, which has a quarter of the heads, not half.
#include "qkvbench/study/accounting.hpp"
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

PaperTable scaling_recipe() {
  using enum ClaimKind;
  const Arm separate{"q_k_v"}, k_is_v{"q_kv"}, half_the_heads{"q_k_v", 2};
  PaperTable table{"scaling",
                   "Scaling: language models, perplexity against q_k_v by width",
                   {"scaling-char", "scaling-stories", "scaling-least"},
                   {{"lm", separate, 5.11, kPaperSize}, {"lm", k_is_v, 5.27, kPaperSize}},
                   {},
                   "Every width reads the same number of tokens for each weight. The line through the widths is one of "
                   "penalty over the logarithm of q_k_v's parameters, a line for each seed. Its interval is that of "
                   "seeds; that the line goes on straight to the paper's 305.5 million is an assumption which no run "
                   "here tests. Where the sizes themselves lie on no line, nothing is said of larger ones."};
  table.claims = {
      {"q_kv-falls", "sharing K and V costs less the larger the model", kFallsBySize, k_is_v, separate, {"lm"}},
      {"gqa-falls", "so does halving the key/value heads", kFallsBySize, half_the_heads, separate, {"lm"}},
      {"gqa-cheaper",
       "at equal cache, half the key/value heads cost less than K = V",
       kBetter,
       half_the_heads,
       k_is_v,
       {"lm"}},
      {"q_kv-at-300m",
       "continued to the paper's size, sharing K and V costs a few per cent at most",
       kAtPaperSize,
       k_is_v,
       separate,
       {"lm"},
       kFewPercent},
      {"gqa-at-300m",
       "continued to the paper's size, halving the key/value heads costs a few per cent at most",
       kAtPaperSize,
       half_the_heads,
       separate,
       {"lm"},
       kFewPercent}};
  table.by = "d_model";
  table.paper_parameters = static_cast<double>(kPaperParameters);
  return table;
}

}  // namespace qkvbench::study
