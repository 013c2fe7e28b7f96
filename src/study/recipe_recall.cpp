// Associative recall by the number of heads: K = V, Q = K and other ways to make q, k and v.
// Source of the numbers: a pilot of the paper's authors on keyless attention, which is K = V with a factorised query
// (arXiv 2606.21848): 2 layers of 128 channels, 3 seeds, the length of its lists unknown.
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

PaperTable recall_recipe() {
  using enum ClaimKind;
  const Arm separate{"q_k_v"}, k_is_v{"q_kv"}, q_is_k{"qk_v"};
  const std::vector<std::string> recall{"recall"};
  PaperTable table{"recall",
                   "Associative recall: accuracy of answers by the number of heads",
                   {"recall-heads", "recall-partitions", "recall-least"},
                   {{"recall", separate, .9995, "4"}, {"recall", k_is_v, .35, "4"}, {"recall", k_is_v, 1, "1"}},
                   {},
                   "Under \"paper\" stands a pilot of its authors: 128 channels, 3 seeds, lists of unknown length, and "
                   "K = V with a factorised query."};
  table.claims = {{"one-head-suffices", "one head with K = V recalls what four do not", kBetter, k_is_v, k_is_v, recall,
                   0, "1", "4"},
                  {"four-heads-lose", "with four heads K = V recalls less than q_k_v", kBetter, separate, k_is_v,
                   recall, 0, "4", "4"},
                  {"one-head-close", "with one head K = V costs a few per cent at most", kLosesAtMost, k_is_v, separate,
                   recall, kFewPercent, "1", "1"},
                  {"one-head-recalls", "with one head K = V recalls", kLearned, k_is_v, {}, recall, 0, "1"},
                  {"qk_v-fails", "Q = K does not recall with four heads", kNotLearned, q_is_k, {}, recall, 0, "4"}};
  table.by = "heads";
  // gta and mla turn by RoPE, the others have learned positions.
  table.matched = {"positions"};
  table.single_size = true;
  return table;
}

}  // namespace qkvbench::study
