// What sharing K and V, or heads, costs by context length.
// Source of the numbers: the paper's Table 16, which has differences from q_k_v only.
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

PaperTable table16_recipe() {
  const Arm separate{"q_k_v"}, k_is_v{"q_kv"}, one_kv_head{"q_k_v", 1};
  PaperTable table{"table16",
                   "Table 16: language models, perplexity against q_k_v by context length",
                   {"length-paper", "length-char", "length-stories", "length-short", "length-least"},
                   {},
                   {},
                   "Every length has the same number of tokens in a step and the same number of steps. The paper's "
                   "models have 300 million parameters and read 10 billion tokens."};
  // Of q_k_v the table says only that it is what the others are told against.
  struct Penalty {
    const char* seq_len;
    double relative;
  };
  for (const Penalty& paper : {Penalty{"512", .054}, Penalty{"1024", .037}, Penalty{"2048", .022}}) {
    table.cells.push_back({"lm", separate, 1, paper.seq_len});
    table.cells.push_back({"lm", k_is_v, 1 + paper.relative, paper.seq_len});
  }
  table.claims = {
      {"q_kv-catches-up",
       "sharing K and V costs less the longer the context",
       ClaimKind::kCatchesUp,
       k_is_v,
       separate,
       {"lm"}},
      {"mqa-catches-up", "so does sharing one key/value head", ClaimKind::kCatchesUp, one_kv_head, separate, {"lm"}}};
  table.by = "seq_len";
  return table;
}

}  // namespace qkvbench::study
