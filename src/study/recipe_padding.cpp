// How much of a penalty perplexities hide that count the padding behind documents, as the paper's released scripts do.
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

PaperTable padding_recipe() {
  const Arm separate{"q_k_v"}, k_is_v{"q_kv"}, one_kv_head{"q_k_v", 1};
  return {
      "padding",
      "Padded documents: perplexity of their text against q_k_v",
      {"padding-stories", "padding-least"},
      {},
      {{"q_kv-hidden",
        "counted with the padding, sharing K and V seems to cost less",
        ClaimKind::kHidden,
        k_is_v,
        separate,
        {"lm"}},
       {"mqa-hidden", "so does sharing one key/value head", ClaimKind::kHidden, one_kv_head, separate, {"lm"}}},
      "A row is one story and padding, which is trained on, as the paper's released scripts do. Perplexities are of "
      "text alone; the claims set beside them those that count the padding too, of the same models."};
}

}  // namespace qkvbench::study
