// Each method's few lines of algebra, in double.
// What they mean is said beside surgery() in the header.
#include "qkvbench/run/surgery_methods.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "qkvbench/run/matrix.hpp"

namespace qkvbench::run {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// W x + b of a head over the examples.   result: [n, width]
MatrixXd rows_of(const LetterMap& letter, Index head, const MatrixXd& x) {
  return (x * letter.head(head).transpose()).rowwise() + letter.head_bias(head).transpose();
}

void keep(BlockMaps& maps, int letter, const Around& around) {
  for (const int other : around.letters) {
    LetterMap& map = maps.letters[static_cast<std::size_t>(other)];
    const LetterMap& kept = maps.letters[static_cast<std::size_t>(letter)];
    map.weight = kept.weight, map.bias = kept.bias;
  }
}
void keep_q(BlockMaps& maps, const Around& around) { keep(maps, 0, around); }
void keep_k(BlockMaps& maps, const Around& around) { keep(maps, 1, around); }
void keep_v(BlockMaps& maps, const Around& around) { keep(maps, 2, around); }

void mean(BlockMaps& maps, const Around& around) {
  std::set<int> counted;
  LetterMap sum = maps.letters[static_cast<std::size_t>(around.letters[0])];
  sum.weight.setZero(), sum.bias.setZero();
  for (const int letter : around.letters) {
    const LetterMap& map = maps.letters[static_cast<std::size_t>(letter)];
    if (!counted.insert(map.projection).second) continue;
    sum.weight += map.weight, sum.bias += map.bias;
  }
  const auto n = static_cast<double>(counted.size());
  LetterMap& first = maps.letters[static_cast<std::size_t>(around.letters[0])];
  first.weight = sum.weight / n, first.bias = sum.bias / n;
  keep(maps, around.letters[0], around);
}

/// V_g ≈ M K_g + c of a key/value head.
struct Fit {
  MatrixXd m;  ///< [value width, key width]
  VectorXd c;  ///< [value width]
};

/// Values read from keys: W_k for both, and each query head's output takes M.
template <class FitOfHead>
void keep_k_and_fit(BlockMaps& maps, const Around& around, FitOfHead fit_of_head) {
  const Index each = maps.q().heads / maps.k().heads;
  for (Index g = 0; g < maps.k().heads; ++g) {
    const Fit fit = fit_of_head(g);
    for (Index h = g * each; h < (g + 1) * each; ++h) {
      maps.out_bias += maps.out_of(h) * fit.c;
      maps.out_of(h) = (maps.out_of(h) * fit.m).eval();
    }
  }
  keep_k(maps, around);
}

void fit_weights(BlockMaps& maps, const Around& around) {
  if (around.key_constant_cancels()) maps.k().bias.setZero();
  keep_k_and_fit(maps, around, [&](Index g) {
    const MatrixXd k = maps.k().head(g).transpose(), v = maps.v().head(g).transpose();
    const MatrixXd m = least_squares(k, v).transpose();
    return Fit{m, maps.v().head_bias(g) - m * maps.k().head_bias(g)};
  });
}

void fit_activations(BlockMaps& maps, const Around& around) {
  keep_k_and_fit(maps, around, [&](Index g) {
    const MatrixXd k = rows_of(maps.k(), g, around.x), v = rows_of(maps.v(), g, around.x);
    VectorXd k_mean = k.colwise().mean().transpose(), v_mean = v.colwise().mean().transpose();
    if (!around.has_bias()) k_mean.setZero(), v_mean.setZero();  // the output has no bias to take a constant
    const MatrixXd a = k.rowwise() - k_mean.transpose(), b = v.rowwise() - v_mean.transpose();
    const MatrixXd m = least_squares(a, b).transpose();
    return Fit{m, v_mean - m * k_mean};
  });
}

/// [W_k; W_v] L = U Σ Rᵀ, cut at the width of a head: C = Σ⁻¹ Uᵀ [W_k; W_v], so that [W_k; W_v] ≈ U Σ C, best for
/// inputs of covariance L Lᵀ around x_mean. Without L it is C = Rᵀ.
void joint(BlockMaps& maps, const Around& around, const MatrixXd& root, const VectorXd& x_mean) {
  const Index each = maps.q().heads / maps.k().heads, D = maps.k().width();
  LetterMap shared = maps.k();
  shared.bias.setZero();
  for (Index g = 0; g < maps.k().heads; ++g) {
    MatrixXd both(2 * D, maps.k().weight.cols());
    both << maps.k().head(g), maps.v().head(g);
    const MatrixXd weighted = root.size() > 0 ? MatrixXd(both * root) : both;
    const LeftSingular svd = left_singular_jacobi(weighted);
    const double least = 1e-12 * svd.values(0);
    MatrixXd a = MatrixXd::Zero(2 * D, D), c = MatrixXd::Zero(D, both.cols());
    for (Index i = 0; i < std::min(D, svd.values.size()); ++i) {
      const double sigma = svd.values(i);
      if (!(sigma > least)) continue;  // nothing is left to say
      a.col(i) = svd.vectors.col(i) * sigma;
      c.row(i) = svd.vectors.col(i).transpose() * both / sigma;
    }
    const MatrixXd of_k = a.topRows(D), of_v = a.bottomRows(D);
    // The values' mean is kept whole, since the output's bias can hold it.
    const VectorXd mean_lost = (maps.v().head(g) - of_v * c) * x_mean;
    for (Index h = g * each; h < (g + 1) * each; ++h) {
      maps.q().head(h) = (of_k.transpose() * maps.q().head(h)).eval();
      maps.q().head_bias(h) = (of_k.transpose() * maps.q().head_bias(h)).eval();
      maps.out_bias += maps.out_of(h) * (maps.v().head_bias(g) + mean_lost);
      maps.out_of(h) = (maps.out_of(h) * of_v).eval();
    }
    shared.head(g) = c;
  }
  maps.k().weight = shared.weight, maps.k().bias = shared.bias;
  keep_k(maps, around);
}

void joint_svd(BlockMaps& maps, const Around& around) {
  joint(maps, around, {}, VectorXd::Zero(maps.k().weight.cols()));
}

void joint_svd_activations(BlockMaps& maps, const Around& around) {
  VectorXd x_mean = around.x.colwise().mean().transpose();
  if (!around.has_bias()) x_mean.setZero();  // the output has no bias to take a constant
  const MatrixXd centred = around.x.rowwise() - x_mean.transpose();
  // Rᵀ of X = Q R is as good a root of XᵀX as the symmetric one: only left singular vectors of W Rᵀ are used.
  const MatrixXd r = triangle_of(centred);
  joint(maps, around, r.transpose() / std::sqrt(static_cast<double>(centred.rows())), x_mean);
}

const std::array<SurgeryRow, 10> kMethods{
    {{{"keep_q", "the projection of Q for all that share"}, keep_q, 0},
     {{"keep_k", "the projection of K for all that share"}, keep_k, 1},
     {{"keep_v", "the projection of V for all that share"}, keep_v, 2},
     {{"mean", "the mean of the projections"}, mean},
     {{"keep_k_fit_weights", "K's, and the output reads V = M K from it, M fitted to the weights"},
      fit_weights,
      1,
      true},
     {{"keep_k_fit_activations", "the same, M fitted to keys and values of examples", false, true},
      fit_activations,
      1,
      true},
     {{"joint_svd", "the best common subspace of each head's K and V"}, joint_svd, 1, true, true},
     {{"joint_svd_activations", "the same, of keys and values of examples", false, true},
      joint_svd_activations,
      1,
      true,
      true},
     {{"heads_mean", "fewer key/value heads: the mean of each group", true}},
     {{"heads_first", "fewer key/value heads: the first of each group", true}}}};

}  // namespace

std::span<const SurgeryRow> surgery_rows() { return kMethods; }

void pool_heads(LetterMap& map, Index group, bool only_first) {
  LetterMap out = map;
  const Index heads = map.heads / group, width = map.width();
  const auto pooled = [&](const auto& rows) {
    MatrixXd to = MatrixXd::Zero(heads * width, rows.cols());
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < (only_first ? 1 : group); ++i)
        to.middleRows(h * width, width) +=
            rows.middleRows((h * group + i) * width, width) / static_cast<double>(only_first ? 1 : group);
    return to;
  };
  out.weight = pooled(map.weight), out.bias = pooled(map.bias);
  if (map.gain.size() > 0) out.gain = pooled(map.gain);
  out.heads = heads;
  map = out;
}

void repeat_heads(LetterMap& map, Index times) {
  const Index width = map.width();
  const auto repeated = [&](const auto& rows) {
    MatrixXd to(rows.rows() * times, rows.cols());
    for (Index h = 0; h < map.heads * times; ++h)
      to.middleRows(h * width, width) = rows.middleRows(h / times * width, width);
    return to;
  };
  const MatrixXd weight = repeated(map.weight), bias = repeated(map.bias);
  if (map.gain.size() > 0) map.gain = repeated(map.gain).col(0);
  map.weight = weight, map.bias = bias.col(0);
  map.heads *= times;
}

}  // namespace qkvbench::run
