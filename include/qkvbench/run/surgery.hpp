// A model's sharing of projections or of key/value heads changed without training: exactly where the new form can say
// all that the old one said, else by a named method.
// Changes numbers only; files are run/convert's.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/nn/model.hpp"

namespace qkvbench::run {

/// A row of the table of methods.
struct SurgeryMethod {
  const char *id, *help;
  bool pools = false;           ///< it makes fewer key/value heads; others make one projection of several
  bool reads_examples = false;  ///< it fits the numbers that examples give
};
std::span<const SurgeryMethod> all_surgery_methods();

struct SurgeryRequest {
  nn::Variant to;
  index_t kv_heads = 0;              ///< 0: as the model has
  std::vector<std::string> methods;  ///< at most one that pools and one that does not
};

/// The changed model and how it came about.
struct SurgeryResult {
  nn::ModelConfig config;
  std::unique_ptr<nn::Model> model;
  std::vector<std::string> methods;  ///< those that were needed; none: the new model computes the same
};

/// What surgery would take: whether examples are read, so that they can be made. Throws Error (usage) as surgery() does
/// of what can be said without the numbers.
bool surgery_reads_examples(const nn::ModelConfig& from, const SurgeryRequest& request);

/// The model under another sharing. `batches` are for methods that read examples.
///   Letters that share a projection and then do not: each gets a copy. More key/value heads: each is repeated. Both
///   are exact. Fewer heads (methods that pool): a new head from each group of equal size. Letters that are to share
///   and do not (the other methods): with W_x^h the rows of letter x's projection for head h and P_h the columns of the
///   output projection for query head h, g the key/value head that h reads:
///     keep_q, keep_k, keep_v     the projection of that letter for all that share
///     mean                       the mean of their projections, biases too
///     keep_k_fit_weights         W_k stays, P_h <- P_h M, M = W_v^g (W_k^g)⁺, which is exact where W_v^g = M W_k^g
///     keep_k_fit_activations     W_k stays, P_h <- P_h M with V ≈ M K + c by least squares over the examples
///     joint_svd                  C: the first right singular vectors of [W_k^g; W_v^g]; W_q^h <- A_kᵀ W_q^h,
///                                P_h <- P_h A_v with W_x^g ≈ A_x C
///     joint_svd_activations      the same under the covariance of the block's inputs over the examples
///   Constants go where they do nothing: what all keys have in common cancels in the softmax (not with RoPE or qk_norm,
///   where it stays), and of values into the output's bias, since attention rows sum to one.
/// Throws Error (usage) when the variants are no partitions or differ in +, when heads do not divide, when a method is
/// missing, is not needed or does not fit the block, saying which ones do.
/// Source of keep_k_fit_*, joint_svd: linear algebra in docs/surgery.md; of pooling: Ainslie et al., EMNLP 2023.
SurgeryResult surgery(const nn::Model& model, const SurgeryRequest& request, std::span<const Batch> batches);

/// Values that are partly keys: W_v <- (1-α) W_v + α W_k in one block, or in all when `block` is -1. Of projections, so
/// before gains, norms and rotations. Throws Error (usage) unless K and V have projections of their own and one width.
void blend_values(nn::Model& model, double alpha, index_t block);
/// Keys by the values' projection, W_k <- W_v.   Throws as blend_values().
void keys_from_values(nn::Model& model, index_t block);

}  // namespace qkvbench::run
