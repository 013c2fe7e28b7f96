// How much of a difference between models losses hide that count the padding behind documents, as the paper's released
// scripts do.
#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

PaperTable padding_recipe() {
  return {
      "padding",
      "Padded documents: perplexity of their text against q_k_v",
      {"padding-stories", "padding-least"},
      {},
      {{"hides", "counted with the padding, models seem to differ less", ClaimKind::kHidden, {}, {}, {"lm"}}},
      "A row is one story and padding, which is trained on, as the paper's released scripts do. Perplexities are of "
      "text alone. Padding that a model has learned costs nearly nothing, so that of each nat of difference the "
      "share of padding among the targets is hidden."};
}

}  // namespace qkvbench::study
