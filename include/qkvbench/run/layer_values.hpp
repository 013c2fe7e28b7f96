// What each layer's attention reads and makes of some examples: its input X, and q, k and v as it tells them, in
// double. Not a measure of them; run/measures has those.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "qkvbench/run/attention_measures.hpp"
#include "qkvbench/run/run.hpp"
#include "qkvbench/run/similarity.hpp"

namespace qkvbench::run {

/// q, k or v of one layer.
struct Projected {
  Matrix rows;                 ///< [n, heads·width], one row a position of an example, as attention reads them
  Eigen::Index heads = 1;      ///< heads that it has: query heads, or key/value heads
  Matrix weight;               ///< [heads·width, d], its projection of X; empty where there is none of its own
  Eigen::VectorXd bias;        ///< [heads·width], or empty
  bool is_projection = false;  ///< rows = X weightᵀ + bias, with no gain, norm or rotation behind it
  std::string projection;      ///< names what it is made by: "c_kv"; equal where two names share it
  std::string tensor;          ///< names the rows: equal where two names are one tensor

  Eigen::Index width() const { return rows.cols() / heads; }
  /// The columns of a head's rows, the rows of its weight.
  auto head_rows(Eigen::Index h) const { return rows.middleCols(h * width(), width()); }
  auto head_weight(Eigen::Index h) const { return weight.middleRows(h * width(), width()); }
};

/// One layer: x is what attention reads, behind the block's first norm.   x: [n, d].
struct LayerValues {
  Matrix x;
  std::array<Projected, 3> qkv;  ///< in this order
};

/// What a model makes of examples, and what its heads attend to.
struct ModelValues {
  std::vector<LayerValues> layers;
  std::vector<std::vector<HeadAttention>> attention;  ///< by layer and head
};

/// Runs the model on the batches. Where q, k or v is an affine map of x alone, rows are computed anew from x in double.
ModelValues layer_values(const nn::Model& model, const std::vector<Batch>& batches);

/// The same input through matrices of independent normal numbers of deviation 1/√d in place of the projections, without
/// biases: q, k and v of the same shapes, shared where they are. They are drawn by (seed, layer, `salt`, name).
LayerValues random_projections(const LayerValues& layer, index_t number, std::uint64_t seed, const std::string& salt);

}  // namespace qkvbench::run
